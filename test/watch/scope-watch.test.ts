import { readFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { LostVariable } from "../../infra/watch/lost-variable.ts";
import { createScopeWatch, type ScopeWatch } from "../../infra/watch/scope-watch.ts";
import { connect, factory, listeners, sparse, tick } from "./apps.ts";

const appFile = path.join(import.meta.dirname, "apps.ts");
const lineWith = (text: string): number =>
  readFileSync(appFile, "utf8")
    .split("\n")
    .findIndex((line) => line.includes(text)) + 1;

const watches: ScopeWatch[] = [];
afterEach(() => {
  for (const watch of watches.splice(0)) watch.close();
});

function createWatch(everyCall = true) {
  const lost: LostVariable[] = [];
  const failures: unknown[] = [];
  const watch = createScopeWatch({
    foreign: [],
    onLost: (one) => lost.push(one),
    onFailed: (error) => failures.push(error),
    everyCall,
  });
  watches.push(watch);
  return { watch, lost, failures };
}

class Socket {
  readonly id = "s1";
  readonly nsp = {};
  readonly handshake = {};
  readonly rooms = new Set();
}
const socket = new Socket();

/** Calls a listener as the library does. */
async function call(
  watch: ScopeWatch,
  event: string,
  listener = listeners[event]!,
  ...args: unknown[]
): Promise<void> {
  return callMade(watch, event, listener, [], ...args);
}

async function callMade(
  watch: ScopeWatch,
  event: string,
  listener: (...args: never[]) => unknown,
  makers: readonly (() => unknown)[],
  ...args: unknown[]
): Promise<void> {
  const end = watch.begin({ event, listener, self: socket, makers });
  try {
    await Reflect.apply(listener, socket, args);
  } catch {
    // The library reports it.
  }
  end?.();
}

describe("a variable that a listener changes is named with its line", () => {
  it.each<[string, string, string, string]>([
    ["count", "let count", "count (number)", 'io.shared("counts"), with increment("count")'],
    ["names", "const names", "names (Array)", 'io.shared("names")'],
    ["later", "const names", "names (Array)", 'io.shared("names")'],
    ["sockets", "const byName", "byName (Map)", "rooms: a socket joins one"],
    ["private", "readonly #players", "lobby.#players (Set)", 'io.shared("players")'],
    ["field", "rounds =", "lobby.rounds (Object)", 'io.shared("rounds")'],
    ["static", "static opened", "Lobby.opened (number)", 'increment("opened")'],
    ["global", "globalThis.watchedHits = 0", "global.watchedHits (number)", 'increment("watchedHits")'],
    ["bound", "let count", "count (number)", "io.shared"],
    ["start", "let game", "game (Object)", 'io.shared("game")'],
    ["throws", "let count", "count (number)", "io.shared"],
  ])("%s", async (event, declaration, what, remedy) => {
    const { watch, lost, failures } = createWatch();

    await call(watch, event, undefined, "ada");

    expect(failures).toEqual([]);
    expect(lost).toMatchObject([{ file: appFile, line: lineWith(declaration) }]);
    expect(lost[0]!.text).toContain(
      `${what} changed while "${event}" was handled; the next packet may run elsewhere`,
    );
    expect(lost[0]!.text).toContain(remedy);
  });

  it("and one of the connection listener, to be kept in socket.data", async () => {
    const { watch, lost } = createWatch();

    await call(watch, "name", connect(socket), "ada", () => undefined);

    expect(lost).toMatchObject([{ file: appFile, line: lineWith("let nickname"), name: "nickname" }]);
    expect(lost[0]!.text).toMatch(
      /nickname \(string\) changed while "name" was handled; the listener makes it anew before each packet\. Keep it in socket\.data\.nickname$/,
    );
  });
});

describe("a variable of a connection listener whose handlers do not mention the socket", () => {
  it.each<[string, string, string, string]>([
    ["total", "let total", "total (number)", "Keep it in socket.data.total"],
    [
      "match",
      "let match",
      "match (Game)",
      "Keep the data that it is made of in socket.data.match, and make it again in each handler",
    ],
    ["lazyMatch", "let match", "match (Game)", "Keep the data that it is made of in socket.data.match"],
    [
      "answer",
      "let answer",
      "answer (function)",
      "Keep what it needs to know in socket.data.answer, and call a function of the module",
    ],
    ["pattern", "let pattern", "pattern (RegExp)", "Keep the data that it is made of in socket.data.pattern"],
    [
      "waiting",
      "let waiting",
      "waiting (Timeout)",
      'Keep nothing for a timer: io.timer("waiting", …) outlives the handler',
    ],
  ])("is known as one of it: %s", async (event, declaration, what, remedy) => {
    const { watch, lost, failures } = createWatch();

    await callMade(watch, event, sparse()[event]!, [sparse], () => undefined);

    expect(failures).toEqual([]);
    expect(lost).toMatchObject([{ file: appFile, line: lineWith(declaration) }]);
    expect(lost[0]!.text).toContain(
      `${what} changed while "${event}" was handled; the listener makes it anew before each packet. ${remedy}`,
    );
  });

  it.each(["asking", "parser"])("is no finding where nothing of it is lost: %s", async (event) => {
    const { watch, lost, failures } = createWatch();

    await callMade(watch, event, sparse()[event]!, [sparse]);

    expect({ lost, failures }).toEqual({ lost: [], failures: [] });
  });

  it("is named by its field where it was there before, and once for both", async () => {
    const { watch, lost } = createWatch();
    const handlers = sparse();
    Reflect.apply(handlers["match"]!, socket, []);

    await callMade(watch, "moves", handlers["moves"]!, [sparse]);

    expect(lost).toMatchObject([{ name: "match.moves" }]);
  });

  it("is not taken for one where it belongs to who registers the listener", async () => {
    const { watch, lost } = createWatch();
    const { listener } = factory();

    await callMade(watch, "visit", listener()["visit"]!, [listener]);

    expect(lost[0]!.text).toContain(
      'visits (number) changed while "visit" was handled; the next packet may run elsewhere',
    );
    expect(lost[0]!.text).toContain('increment("visits")');
  });
});

it.each([["nothing"], ["lazy"], ["looked"], ["cached"]])("%s is no finding", async (event) => {
  const { watch, lost, failures } = createWatch();

  await call(watch, event, undefined, "a");
  await call(watch, event, undefined, "b");

  expect({ lost, failures }).toEqual({ lost: [], failures: [] });
});

it.each(["disconnecting", "disconnect"])(
  "a variable of the connection listener is no finding in %s, behind which nothing is heard",
  async (event) => {
    const { watch, lost, failures } = createWatch();

    await call(watch, event, connect(socket), "ada", () => undefined);
    expect({ lost, failures }).toEqual({ lost: [], failures: [] });

    await call(watch, event, listeners["count"]);
    expect(lost).toMatchObject([{ name: "count" }]);
  },
);

it("names what changes between packets, where it goes on changing", async () => {
  const { watch, lost } = createWatch();

  await call(watch, "ticks");
  tick();
  await call(watch, "ticks");
  // Once is what the start of an app does beside the first packets.
  expect(lost).toEqual([]);
  tick();
  await call(watch, "ticks");

  expect(lost).toMatchObject([{ line: lineWith("const ticks"), name: "ticks" }]);
  expect(lost[0]!.text).toContain("ticks (Object) changed between packets, by a timer");
});

it("does not take for a timer's what a packet may have done that was not looked at", async () => {
  const { watch, lost } = createWatch(false);

  for (let round = 0; round < 40; round += 1) {
    const end = watch.begin({ event: "ticks", listener: listeners["ticks"]!, self: socket });
    if (end === undefined) tick();
    end?.();
  }

  expect(lost).toEqual([]);
});

it.each([
  ["connect", "a middleware"],
  ["connection", "the connection"],
  ["GET /users", "GET /users"],
  ["say", '"say"'],
])("calls %s %s", async (event, label) => {
  const { watch, lost } = createWatch();

  await call(watch, event, listeners["count"]);

  expect(lost[0]!.text).toContain(`changed while ${label} was handled`);
});

it("is named once", async () => {
  const { watch, lost } = createWatch();

  await call(watch, "names", undefined, "ada");
  await call(watch, "later", undefined, "bob");

  expect(lost).toHaveLength(1);
});

it("names all events that were handled meanwhile, since any of them may have done it", async () => {
  const { watch, lost } = createWatch();
  const [nothing, count] = [listeners["nothing"]!, listeners["count"]!];

  const end = watch.begin({ event: "nothing", listener: listeners["count"]!, self: socket });
  watch.begin({ event: "other", listener: nothing, self: socket })?.();
  Reflect.apply(count, socket, []);
  end?.();

  expect(lost[0]!.text).toContain('changed while "nothing" or "other" was handled');
});

it("looks at the first calls of each event, and then at one in sixteen while that is cheap", () => {
  const { watch } = createWatch(false);
  const looked = Array.from({ length: 64 }, (_, index) => {
    const end = watch.begin({ event: "nothing", listener: listeners["nothing"]!, self: socket });
    end?.();
    return end === undefined ? [] : [index + 1];
  }).flat();

  expect(looked.slice(0, 3)).toEqual([1, 2, 3]);
  expect(looked.slice(3).every((call) => call % 16 === 0)).toBe(true);
});
