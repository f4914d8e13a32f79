import { decode, encode, type SourceMapSegment } from "@jridgewell/sourcemap-codec";
import { toPlace, type BundleMap, type Unnamed } from "./own-names.ts";

export interface SlimOptions {
  /** Whether stack traces show columns of a source, and not just lines. */
  readonly hasColumns: (source: string) => boolean;
  /** Of functions that have none of their own any more. */
  readonly names: Unnamed["names"];
  /** What the map is of. */
  readonly code: string;
}

/**
 * A source map with as much as stack traces need, and no more: Node reads it before the first packet. What says no more than
 * the segment before it is left out. Names are those that the code does not have, private methods' among them; of the others
 * Node would take those of whatever calls a function for the function's own.
 */
export function slimMap(map: BundleMap, { hasColumns, names, code }: SlimOptions): BundleMap {
  const isExact = map.sources.map(hasColumns);
  const namesOf = map.sources.map((source) => names.get(source));
  const listed = new List();
  const lines = code.split("\n");
  const mappings = decode(map.mappings).map((segments, index) => {
    const text = lines[index] ?? "";
    const kept: SourceMapSegment[] = [];
    let last: SourceMapSegment | undefined;
    for (const segment of segments) {
      if (segment.length === 1) {
        kept.push((last = segment));
        continue;
      }
      const [column, source, line, sourceColumn] = segment;
      const begin =
        isExact[source] === true && segment.length === 5 ? privateMethodAt(text, column) : undefined;
      if (begin !== undefined && segment.length === 5) {
        while ((kept.at(-1)?.[0] ?? -1) >= begin) kept.pop();
        kept.push((last = [begin, source, line, sourceColumn, listed.indexOf(map.names[segment[4]] ?? "")]));
        continue;
      }
      const name = namesOf[source]?.get(toPlace(line, sourceColumn));
      // One with a name ends at the next.
      const isSame = last?.length === 4 && last[1] === source && last[2] === line;
      if (isSame && name === undefined && isExact[source] !== true) continue;
      const shownColumn = isExact[source] === true ? sourceColumn : 0;
      last =
        name === undefined
          ? [column, source, line, shownColumn]
          : [column, source, line, shownColumn, listed.indexOf(name)];
      kept.push(last);
    }
    return kept;
  });
  return { version: map.version, sources: map.sources, names: listed.all, mappings: encode(mappings) };
}

/** Where a private method begins that has its name at that column, `async` and its like included; undefined where it is called. */
function privateMethodAt(text: string, column: number): number | undefined {
  PRIVATE_METHOD.lastIndex = column;
  if (text[column - 1] === "." || !PRIVATE_METHOD.test(text)) return undefined;
  const [modifier = ""] = /(async\*?|\*|[gs]et)?$/.exec(text.slice(Math.max(0, column - 6), column)) ?? [];
  return column - modifier.length;
}

const PRIVATE_METHOD = /#[\w$]+\(/y;

class List {
  readonly all: string[] = [];
  readonly #indices = new Map<string, number>();

  indexOf(name: string): number {
    const known = this.#indices.get(name) ?? this.all.push(name) - 1;
    this.#indices.set(name, known);
    return known;
  }
}
