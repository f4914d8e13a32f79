import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");
/** Each stands alone, to be served or copied as it is; what they share they each have. */
const pages = [
  "examples/chat/public/theme.css",
  "examples/tic-tac-toe/public/theme.css",
  "infra/inspector/theme.css",
];

/** The variables of a page, in the light and in the dark: `light --bg` → `#f5f2ec`. */
function variablesOf(file: string): Map<string, string> {
  const [light = "", dark = ""] = readFileSync(path.join(root, file), "utf8").split(
    "@media (prefers-color-scheme: dark)",
  );
  return new Map(
    [light, dark].flatMap((text, index) =>
      [...text.matchAll(/^\s+(--[\w-]+):\s*([^;]+);/gm)].map(([, name = "", value = ""]) => [
        `${index === 0 ? "light" : "dark"} ${name}`,
        value.replaceAll(/\s+/g, " "),
      ]),
    ),
  );
}

it("the pages of this repository share their colours, in the light and in the dark", () => {
  const all = pages.map(variablesOf);
  const names = [...new Set(all.flatMap((variables) => [...variables.keys()]))];
  const valuesOf = (name: string) => new Set(all.flatMap((variables) => variables.get(name) ?? []));
  const shared = names.filter((name) => all.every((variables) => variables.has(name)));

  expect(shared).toEqual(expect.arrayContaining(["light --bg", "dark --bg", "dark --accent"]));
  expect(names.filter((name) => valuesOf(name).size > 1)).toEqual([]);
});
