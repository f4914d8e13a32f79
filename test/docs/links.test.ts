import path from "node:path";
import { describe, expect, it } from "vitest";
import { anchors, inBackticks, isThere, pages, prose, read } from "./markdown.ts";

interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(read("package.json")) as Manifest;
const source = /^(lib|functions|infra|test|bench|examples|docs|scripts)\/[\w./@-]*$/;

/** One long cell makes every line of its table as long: it is better a list, or a sentence below. */
const MAX_TABLE_COLUMNS = 300;

describe.each(pages())("%s", (page) => {
  const text = read(page);

  it("links to files and headings that exist", () => {
    const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? "");

    const broken = links
      .filter((link) => !/^https?:/.test(link))
      .filter((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? page : path.posix.join(path.posix.dirname(page), file);
        return !isThere(target) || (anchor !== undefined && !anchors(read(target)).includes(anchor));
      });

    expect(broken).toEqual([]);
  });

  it("has tables that can be read as source", () => {
    const wide = text.split("\n").filter((line) => line.startsWith("|") && line.length > MAX_TABLE_COLUMNS);

    expect(wide).toEqual([]);
  });

  it("names scripts that exist", () => {
    const named = [...text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name ?? "");

    expect(named.filter((name) => !(name in manifest.scripts))).toEqual([]);
  });

  it("names sources that exist", () => {
    const named = inBackticks(prose(text)).filter((code) => source.test(code) && !code.includes("..."));

    expect(named.filter((file) => !isThere(file))).toEqual([]);
  });
});

describe("docs/decisions/0009-dependencies.md", () => {
  it("gives a reason for every dependency of package.json, and for no other", () => {
    const page = read("docs/decisions/0009-dependencies.md");
    const reasoned = [...page.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name ?? "");

    const declared = [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)];

    expect(reasoned.toSorted()).toEqual(declared.toSorted());
  });
});
