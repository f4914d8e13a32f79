import { readdir, readFile } from "node:fs/promises";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../..");

/** The text of every TypeScript file below a folder of the repository. */
export async function readSources(folder: string): Promise<string[]> {
  const files = await readdir(path.join(root, folder), { recursive: true });
  return Promise.all(
    files
      .filter((file) => file.endsWith(".ts"))
      .map((file) => readFile(path.join(root, folder, file), "utf8")),
  );
}
