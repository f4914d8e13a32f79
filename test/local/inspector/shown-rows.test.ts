import path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";

interface Row {
  readonly key: number;
  readonly type: string;
  readonly isPing: boolean;
  readonly session: string;
}

interface Filter {
  readonly words: readonly string[];
  readonly session: string | undefined;
  readonly showPings: boolean;
}

interface ShownRows {
  of(rows: readonly Row[], filter: Filter): readonly Row[];
}

const file = path.resolve(import.meta.dirname, "../../../infra/inspector/shown-rows.js");
let createShown: () => ShownRows;

beforeAll(async () => {
  const { ShownRows } = (await import(pathToFileURL(file).href)) as { ShownRows: new () => ShownRows };
  createShown = () => new ShownRows();
});

const toRow = (key: number): Row => ({ key, type: "in", isPing: key % 3 === 0, session: `s${key % 2}` });
const plain: Filter = { words: [], session: undefined, showPings: false };
const keysOf = (rows: readonly Row[]) => rows.map(({ key }) => key);

describe("the rows that the inspector's page shows", () => {
  it("are those of all that are kept, whatever has come and gone since", () => {
    const shown = createShown();
    const rows: Row[] = [];
    let key = 0;
    for (const [come, gone] of [
      [5, 0],
      [0, 0],
      [7, 4],
      [1, 0],
      [30, 20],
      [0, 19],
      [4, 4],
    ] as const) {
      for (let index = 0; index < come; index += 1) rows.push(toRow((key += 1)));
      rows.splice(0, gone);

      expect(keysOf(shown.of(rows, plain))).toEqual(keysOf(rows.filter(({ isPing }) => !isPing)));
    }
  });

  it("are others with pings, of one session, after that, and of a list that was begun anew", () => {
    const shown = createShown();
    const rows = Array.from({ length: 12 }, (_, index) => toRow(index + 1));
    shown.of(rows, plain);

    expect(keysOf(shown.of(rows, { ...plain, showPings: true }))).toEqual(keysOf(rows));
    expect(keysOf(shown.of(rows, { ...plain, session: "s1" }))).toEqual([1, 5, 7, 11]);
    rows.push(toRow(13));
    expect(keysOf(shown.of(rows, plain))).toEqual([1, 2, 4, 5, 7, 8, 10, 11, 13]);
    expect(keysOf(shown.of([toRow(1), toRow(2), toRow(3)], plain))).toEqual([1, 2]);
    expect(keysOf(shown.of([], plain))).toEqual([]);
  });
});
