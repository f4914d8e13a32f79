import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export const root = path.resolve(import.meta.dirname, "../..");

export const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
export const isThere = (file: string): boolean => existsSync(path.join(root, file));

/** Files below a folder with one of these endings, relative to the repository. */
export const listFiles = (folder: string, ending: RegExp): string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => path.posix.join(folder, file.replaceAll(path.sep, "/")))
    .filter((file) => ending.test(file))
    .toSorted();

/** Every page of the documentation. */
export const pages = (): string[] => ["README.md", "CONTRIBUTING.md", ...listFiles("docs", /\.md$/)];

/** The text outside of code blocks: what is in one is not a heading, whatever it begins with. */
export const prose = (text: string): string => text.replaceAll(/^```[^]*?^```$/gm, "");

/** Headings as GitHub turns them into anchors. */
export const anchors = (text: string): string[] =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? "")
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

/** The rows under one heading, each as its cells: of tables, and of lists that say the status in the second place. */
export function tableRows(text: string, heading: string): string[][] {
  const [, section = ""] = text.split(new RegExp(`^#+ ${heading}$`, "m"));
  const [own = ""] = section.split(/^#/m);
  return rowsOf(own).filter(([first]) => first?.startsWith("`"));
}

/** Every row of a page: `| what | status | remark |`, or, where a cell is long, `- what: **status**. remark`. */
export function rowsOf(text: string): string[][] {
  const table = [...text.matchAll(/^\|(.+)\|$/gm)].map(([, row]) =>
    (row ?? "").split(/(?<!\\)\|/).map((cell) => cell.trim()),
  );
  const items = [...text.matchAll(/^- (.+(?:\n {2}.+)*)/gm)].map(([, item = ""]) =>
    item.replaceAll(/\n */g, " "),
  );
  const listed = items.flatMap((item) => {
    const [, what, status, remark] = /^(.+?): \*\*(\w+)\*\*\.? ?(.*)$/.exec(item) ?? [];
    return what === undefined || status === undefined ? [] : [[what, status, remark ?? ""]];
  });
  return [...table, ...listed];
}

export const inBackticks = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");
