import path from "node:path";
import { decode } from "@jridgewell/sourcemap-codec";

/** Of esbuild, as text: what this package reads and writes of it. */
export interface BundleMap {
  readonly version: number;
  readonly sources: readonly string[];
  readonly names: readonly string[];
  readonly mappings: string;
}

export interface Unnamed {
  readonly text: string;
  /** The names that were taken off, by the source, and by where in it functions begin: `toPlace`. */
  readonly names: ReadonlyMap<string, ReadonlyMap<number, string>>;
}

/**
 * A bundle whose own functions have the names that V8 gives them. esbuild's `keepNames` defines a name of every closure each
 * time that it is made, and knows no files: an app's classes and functions keep theirs, own classes too, since errors are
 * told by them. Nothing is moved, so the map still fits.
 *
 * esbuild writes `/* @__PURE__ *\/ __name(function, "name")`, and maps both `__name` and the text behind the function to where
 * the function begins; `__name(declared, "name")` of a declaration.
 *
 * @param text not minified, with `keepNames`
 * @param isOwn of a source as the map has it
 */
export function withoutOwnNames(text: string, map: BundleMap, isOwn: (source: string) => boolean): Unnamed {
  const owns = map.sources.map((source) => (isOwn(source) ? new Own() : undefined));
  const lines = text.split("\n");
  const blanks: Blank[] = [];
  const open: Open[] = [];
  for (const [line, segments] of decode(map.mappings).entries()) {
    const found = lines[line] ?? "";
    if (!RELEVANT.test(found)) continue;
    let before: number | undefined;
    for (const segment of segments) {
      const own = segment.length === 1 ? undefined : owns[segment[1]];
      if (segment.length === 1 || own === undefined) continue;
      const [column, source, originalLine, originalColumn] = segment;
      const place = toPlace(originalLine, originalColumn);
      const behind = found.slice(Math.max(0, column - DECLARATION_LENGTH), column);
      if (before !== undefined && DECLARATION.test(behind)) own.declarations.set(place, before);
      before = place;
      const last = open.at(-1);
      // An arrow function begins with its parameter, once that has no brackets any more.
      if (last?.line === line && /^\((async )?\($/.test(found.slice(last.to, column)))
        last.places.push(place);
      const opening = matchAt(OPENING, found, column);
      if (opening !== undefined) {
        open.push({ line, from: column, to: column + opening[0].length - 1, source, places: [place] });
        continue;
      }
      const isClosing = last?.source === source && last.places[0] === place;
      const closing = isClosing ? matchAt(CLOSING, found, column) : undefined;
      if (closing !== undefined && last !== undefined) {
        open.pop();
        blanks.push(last, { line, from: column - ", ".length, to: column + closing[0].length });
        for (const one of last.places) own.names.set(one, closing[1] ?? "");
        continue;
      }
      const declared = matchAt(DECLARED, found, column);
      if (declared === undefined) continue;
      blanks.push({ line, from: column, to: column + declared[0].length, by: "0" });
      own.names.set(own.declarations.get(place) ?? place, declared[1] ?? "");
    }
  }
  for (const { line, from, to, by = "" } of blanks) {
    const found = lines[line] ?? "";
    lines[line] = found.slice(0, from) + by.padEnd(to - from) + found.slice(to);
  }
  const named = map.sources.flatMap((source, index) => {
    const own = owns[index];
    return own === undefined ? [] : [[source, own.names] as const];
  });
  return { text: lines.join("\n"), names: new Map(named) };
}

/** What is found of a source. */
class Own {
  readonly names = new Map<number, string>();
  /** Where declarations begin, by where their names are. */
  readonly declarations = new Map<number, number>();
}

/** From one column to the one before another, or what is there instead. */
interface Blank {
  readonly line: number;
  readonly from: number;
  readonly to: number;
  readonly by?: string;
}

/** A call that is not closed yet. */
interface Open extends Blank {
  readonly source: number;
  /** Where its function begins, or may begin once it is minified. */
  readonly places: number[];
}

/** Lines with nothing else need not be looked at. */
const RELEVANT = /__name\d*\(|"\)|\bfunction\b/;

/** Named otherwise where the app has something of that name. The bracket stays: a call may stand where a function may not. */
const OPENING = /\/\* @__PURE__ \*\/ __name\d*\(/y;
const CLOSING = /"([^"\\]*)"(?=\))/y;
const DECLARED = /__name\d*\((?!this\b)[\w$]+, "([^"\\]*)"\)/y;

const DECLARATION = /\bfunction\*? $/;
const DECLARATION_LENGTH = "function* ".length;

function matchAt(pattern: RegExp, text: string, column: number): RegExpExecArray | undefined {
  pattern.lastIndex = column;
  return pattern.exec(text) ?? undefined;
}

/** A line and a column, from 0, in one number. */
export const toPlace = (line: number, column: number): number => line * 2 ** 20 + column;

/** By the absolute path of a source. Maps lead from what was compiled to what was written: either may be there. */
export const isOwnOf =
  (packageDir: string) =>
  (file: string): boolean =>
    /^(dist[\\/])?(lib|functions)[\\/]/.test(path.relative(packageDir, file));
