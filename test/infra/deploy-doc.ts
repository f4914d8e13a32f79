import { readFile } from "node:fs/promises";
import path from "node:path";

const file = path.resolve(import.meta.dirname, "../../docs/deploy.md");

/** The first two columns of the table under a heading of docs/deploy.md: names without their quotes, and what is beside them. */
export async function readDeployTable(heading: string): Promise<ReadonlyMap<string, string>> {
  const sections = (await readFile(file, "utf8")).split(/^## /m);
  const section = sections.find((one) => one.startsWith(`${heading}\n`));
  if (section === undefined)
    throw new Error(`expected docs/deploy.md to have a heading ${heading}, got none`);
  const rows = section.matchAll(/^\| `(\w+)` +\| ([^|]+?) +\|/gm);
  return new Map([...rows].map(([, name, next]) => [name!, next!]));
}
