import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** The virtual environment that .ci/run makes, not under version control. */
const venv = path.join(path.dirname(import.meta.dirname), ".cache/tools/python");
const requirements = path.join(import.meta.dirname, "requirements.txt");

/**
 * Where a command of a package in requirements.txt is: in the virtual environment, or in the PATH. Undefined, after
 * saying what to do, when it is in neither.
 */
export function findPythonTool(command: string): string | undefined {
  const folders = [path.join(venv, "bin"), ...(process.env["PATH"] ?? "").split(path.delimiter)];
  const found = folders.map((folder) => path.join(folder, command)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  const pinned = readFileSync(requirements, "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  console.error(
    `expected ${command} in .cache/tools/python/bin or in the PATH, got none. It needs Python 3.10 or newer:\n` +
      "  python3 -m venv .cache/tools/python\n" +
      "  .cache/tools/python/bin/pip install -r scripts/requirements.txt\n" +
      `or, where you keep such things: pip install ${pinned.map((one) => `'${one}'`).join(" ")}`,
  );
  return undefined;
}
