import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll } from "vitest";

const folder = mkdtempSync(path.join(tmpdir(), "nonsticky-doctor-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let count = 0;

/** Files of an app in a folder of their own, which goes with the test. Returns the first one's path. */
export function appOf(files: Readonly<Record<string, string>>): string {
  count += 1;
  const home = path.join(folder, String(count));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(home, name)), { recursive: true });
    writeFileSync(path.join(home, name), text);
  }
  return path.join(home, Object.keys(files)[0] ?? "");
}
