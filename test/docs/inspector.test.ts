import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { read, root } from "./markdown.ts";

const source = readFileSync(path.join(root, "infra/local/inspector/inspector-events.ts"), "utf8");
const types = [...source.matchAll(/readonly type: "([a-z.]+)"/g)].map(([, type = ""]) => type);
const documented = [...read("docs/inspector.md").matchAll(/^\| `([a-z.]+)` +\|/gm)]
  .map(([, type = ""]) => type)
  .filter((type) => type !== "type");

it("docs/inspector.md has every event of the stream, and no other", () => {
  expect(types.length).toBeGreaterThan(10);
  expect(documented.toSorted()).toEqual([...new Set(types)].toSorted());
});
