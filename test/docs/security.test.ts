import { describe, expect, it } from "vitest";
import { isThere, read } from "./markdown.ts";

const page = read("docs/security.md");

/** "`test/x.test.ts`: _title_, _title_" */
const claims = [...page.matchAll(/`(test\/[\w./-]+\.test\.ts)`:((?:,?\s+_[^_]+_)+)/g)].flatMap(
  ([, file = "", titles = ""]) =>
    [...titles.matchAll(/_([^_]+)_/g)].map(
      ([, title = ""]) => [file, title.replaceAll(/\s+/g, " ")] as const,
    ),
);

/** "### A client that floods", and what is said below it. */
const threats = page
  .split("\n### A client that ")
  .slice(1)
  .map((section): [string, string] => [section.split("\n")[0] ?? "", section.split("\n## ")[0] ?? ""]);

describe("what docs/security.md promises", () => {
  it.each(claims)("is kept by %s: %s", (file, title) => {
    expect(isThere(file)).toBe(true);
    expect(read(file).replaceAll(/\s+/g, " ")).toContain(title);
  });

  it.each(threats)("against a client that %s: it says what holds, how, and by which test", (_, said) => {
    expect(said).toMatch(/\*\*What holds\*\*: \S/);
    expect(said).toMatch(/\*\*How it is kept\*\*: \S/);
    expect(claims.some(([file]) => said.includes(`\`${file}\`:`))).toBe(true);
  });

  it("names every test that it points at with a title", () => {
    const named = [...page.matchAll(/`(test\/[\w./-]+\.test\.ts)`/g)].map(([, file]) => file);

    expect(claims.length).toBeGreaterThan(15);
    expect(new Set(claims.map(([file]) => file))).toEqual(new Set(named));
    expect(threats.length).toBeGreaterThan(10);
  });
});

describe("SECURITY.md", () => {
  it("says how to report, in private and to nobody by name", () => {
    const text = read("SECURITY.md");

    expect(text).toContain("Report a vulnerability");
    expect(text).not.toMatch(/[\w.+-]+@[\w-]+\.\w+/);
  });
});
