/**
 * Marks name the last calls that changed an entry, so that a request which comes again, because its answer was lost,
 * finds out that it was done, and what a sum was when it was. Three forms:
 *
 *     a1b2c3d4        a put
 *     a1b2c3d4+2      an addition of 2
 *     a1b2c3d4<7      a change of something that was the number 7 before
 */
export const MAX_MARKS = 64;

export const toPutMark = (attempt: string, previous: number | undefined): string =>
  previous === undefined ? attempt : `${attempt}<${previous}`;

export const toAddMark = (attempt: string, by: number): string => `${attempt}+${by}`;

export const hasMark = (marks: readonly string[], attempt: string): boolean => indexOf(marks, attempt) !== -1;

/** What a sum was right after the call `attempt`, when now it is `present`. */
export function sumAfter(marks: readonly string[], attempt: string, present: number): number {
  let sum = present;
  for (let index = marks.length - 1; index > indexOf(marks, attempt); index--)
    sum = before(marks[index], sum);
  return sum;
}

function before(mark = "", after: number): number {
  const [, sign, digits] = /^[\w-]{8}([+<])(.*)$/.exec(mark) ?? [];
  if (sign === undefined) return after;
  return sign === "+" ? after - Number(digits) : Number(digits);
}

const indexOf = (marks: readonly string[], attempt: string): number =>
  marks.findIndex((mark) => mark.startsWith(attempt));
