import { describe, expect, it } from "vitest";
import { listFiles, prose, read } from "./markdown.ts";

const inLibrary = new Set(
  [...listFiles("lib", /\.ts$/), ...listFiles("infra/keep", /\.ts$/)].flatMap((file) => {
    const source = read(file);
    const literals = source.matchAll(/"((?:config|protocol|core|state|aws|testing|keep)\.[a-z][a-z_]*)"/g);
    const logged = source.matchAll(/\bcode: "([^"]+)"/g);
    return [...literals, ...logged].map(([, code]) => code ?? "");
  }),
);

const page = prose(read("docs/errors.md"));
const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading ?? "");

describe("docs/errors.md", () => {
  it("has a heading for every code of lib/ and infra/keep/, and for no other", () => {
    expect(inLibrary.size).toBeGreaterThan(30);
    expect(headings.toSorted()).toEqual([...inLibrary].toSorted());
  });

  it.each(headings)("says of %s what causes it, what follows, and what to do", (heading) => {
    const [, section = ""] = page.split(`### ${heading}\n`);
    const [own = ""] = section.split(/^#/m);

    for (const part of ["**Cause.**", "**Consequence.**", "**Remedy.**"]) expect(own).toContain(part);
  });
});
