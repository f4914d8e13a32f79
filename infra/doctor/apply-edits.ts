import type { Edit } from "./finding.ts";

/** A text with edits made to it, no two of which touch. Offsets are of the text as given. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let done = text;
  for (const edit of edits.toSorted((first, second) => second.start - first.start)) {
    const { start, end } = edit.text === "" ? wholeLine(text, edit) : edit;
    done = done.slice(0, start) + edit.text + done.slice(end);
  }
  return done;
}

/** What is taken out takes its line with it, where nothing else stands there. */
function wholeLine(text: string, { start, end }: Edit): { readonly start: number; readonly end: number } {
  const from = text.lastIndexOf("\n", start - 1) + 1;
  const next = text.indexOf("\n", end);
  const to = next === -1 ? text.length : next + 1;
  const isAlone = /^\s*$/.test(text.slice(from, start)) && /^\s*$/.test(text.slice(end, to));
  return isAlone ? { start: from, end: to } : { start, end };
}

/** The edits of those groups that touch none before them. */
export function compatible(groups: readonly (readonly Edit[])[]): readonly Edit[] {
  const chosen: Edit[] = [];
  for (const group of groups) {
    if (!group.some((edit) => chosen.some((other) => touches(edit, other)))) chosen.push(...group);
  }
  return chosen;
}

const touches = (one: Edit, other: Edit): boolean =>
  one.file === other.file && one.start <= other.end && other.start <= one.end;
