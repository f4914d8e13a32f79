import type { Cause } from "./inspector-events.ts";

/** On requests of instances to the local services, while somebody watches. */
export const CAUSE_HEADER = "x-nonsticky-cause";

/** Begins and ends a mark; no line of a log has it. */
const MARK = "\u0001";

/** Reads `<invocation>` or `<invocation>/<letter>/<index>`; no id has a slash. */
export function toCause(text: string | readonly string[] | undefined): Cause | undefined {
  if (typeof text !== "string" || text === "") return undefined;
  const [invocation = "", letter, index] = text.split("/");
  return letter === undefined ? { invocation } : { invocation, letter, index: Number(index) };
}

/** @param isAtStart whether what was written before had ended its line */
export function markLine(text: string, cause: string, isAtStart: boolean): string {
  const mark = `${MARK}${cause}${MARK}`;
  const inside = text.replaceAll(/\n(?=[^\n])/g, `\n${mark}`);
  return isAtStart && text !== "" && !text.startsWith("\n") ? mark + inside : inside;
}

/** A line without its mark, and what that says. */
export function readMark(line: string): { readonly text: string; readonly cause: string | undefined } {
  if (!line.startsWith(MARK)) return { text: line, cause: undefined };
  const end = line.indexOf(MARK, 1);
  return end < 0
    ? { text: line, cause: undefined }
    : { text: line.slice(end + 1), cause: line.slice(1, end) };
}
