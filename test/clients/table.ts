import type { Outcome } from "./players.ts";

/** By feature. */
export type Cells = ReadonlyMap<string, string>;

/** What the page says: with the official server's answer where that is another. */
export function toCell(ours: Outcome, official: Outcome | undefined): string {
  const say = ({ works }: Outcome) => (works ? "yes" : "no");
  if (official === undefined || official.works === ours.works) return say(ours);
  return `${say(ours)} (official: ${say(official)})`;
}

/** A row a client. */
export function toTable(found: ReadonlyMap<string, Cells>): string {
  const features = [...new Set([...found.values()].flatMap((cells) => [...cells.keys()]))];
  const toLine = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    toLine(["Client", ...features]),
    toLine(["Client", ...features].map(() => "---")),
    ...[...found].map(([title, cells]) =>
      toLine([title, ...features.map((feature) => cells.get(feature) ?? "")]),
    ),
  ].join("\n");
}

/** The same table out of a page, whatever its columns are padded to: cells by client. */
export function readCells(page: string): ReadonlyMap<string, Cells> {
  const lines = page.split("\n");
  const first = lines.findIndex((line) => /^\|\s*Client\s*\|/.test(line));
  if (first < 0) throw new Error("expected a table with the column Client, got none");
  const split = (line: string) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
  const [, ...features] = split(lines[first] ?? "");
  const end = lines.findIndex((line, index) => index > first && !line.startsWith("|"));
  const rows = lines.slice(first + 2, end < 0 ? undefined : end).map(split);
  return new Map(
    rows.map(([title = "", ...cells]) => [
      title,
      new Map(features.map((feature, index) => [feature, cells[index] ?? ""])),
    ]),
  );
}
