import { io as connect, type Socket } from "socket.io-client";
import { describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { eventually, pause } from "../support/waiting.ts";

/** `NONSTICKY_LIVE_CLIENTS=8 NONSTICKY_LIVE_PACKETS=240` has it short. */
const CLIENTS = Number(process.env["NONSTICKY_LIVE_CLIENTS"] ?? 50);
const PACKETS = Number(process.env["NONSTICKY_LIVE_PACKETS"] ?? 10_000);
const TURNS = Math.ceil(PACKETS / CLIENTS);
const KILL_EVERY = Math.ceil(PACKETS / 16);
const SETTERS = 8;
const RENAMES = Math.min(50, Math.ceil(PACKETS / 24));

interface Seen {
  readonly users: readonly string[];
  readonly messages: number;
  readonly last: Readonly<Record<string, number>>;
  readonly topic: string;
  readonly before: Readonly<Record<string, string>>;
  readonly said: number;
}

/** A client that says who it is whenever it comes, and what it has to say until it is heard. */
class Talker {
  readonly name: string;
  readonly socket: Socket;
  again = 0;
  #joined: Promise<unknown> = Promise.resolve();

  constructor(url: string, name: string) {
    this.name = name;
    this.socket = connect(url, {
      transports: ["websocket"],
      forceNew: true,
      reconnectionDelay: 50,
      reconnectionDelayMax: 500,
    });
    this.socket.on("connect", () => (this.#joined = this.ask("join", name)));
  }

  /** Undefined: nobody answered, for the instance was killed. */
  async ask<Answer>(event: string, ...args: readonly unknown[]): Promise<Answer | undefined> {
    const { socket } = this;
    return new Promise((resolve) => {
      const gone = () => resolve(undefined);
      socket.once("disconnect", gone);
      socket.timeout(60_000).emit(event, ...args, (error: unknown, answer: Answer) => {
        socket.off("disconnect", gone);
        resolve(error ? undefined : answer);
      });
    });
  }

  async say(turn: number): Promise<void> {
    for (;;) {
      while (!this.socket.connected) await pause(10);
      await this.#joined;
      if ((await this.ask("say", turn)) === "heard") return;
      this.again += 1;
    }
  }
}

async function withChat(
  act: (runtime: LocalRuntime, clients: readonly Talker[], lines: readonly string[]) => Promise<void>,
): Promise<void> {
  const lines: string[] = [];
  const runtime = await startOurs(import.meta.url, "./apps/live-chat.ts", {
    antiAffinity: true,
    instances: 4,
    maxInstances: 8,
    log: (line) => void lines.push(line),
  });
  const clients = Array.from({ length: CLIENTS }, (_, index) => new Talker(runtime.url, `client ${index}`));
  try {
    await act(runtime, clients, lines);
  } finally {
    for (const { socket } of clients) socket.close();
    await runtime.stop();
  }
}

const lookFrom = async (client: Talker): Promise<Seen> => (await client.ask<Seen>("look"))!;

describe(`${CLIENTS} clients of a chat that keeps its users in a list, and its messages in a number`, () => {
  it(`are counted exactly, ${TURNS} messages each, though instances are killed under them`, async () => {
    await withChat(async (runtime, clients, lines) => {
      const began = Date.now();
      let heard = 0;
      let isOver = false;
      const killing = (async () => {
        for (let after = KILL_EVERY; !isOver;) {
          await pause(10);
          const busy = runtime.instances().find((one) => one.functionName === "inbox" && one.busy);
          if (heard < after || busy === undefined) continue;
          runtime.kill(busy.pid);
          after += KILL_EVERY;
        }
      })();
      await Promise.all(
        clients.map(async (client) => {
          for (let turn = 1; turn <= TURNS; turn += 1) {
            await client.say(turn);
            heard += 1;
          }
        }),
      );
      isOver = true;
      await killing;

      const names = clients.map(({ name }) => name).toSorted();
      const [first, ...others] = clients as [Talker, ...Talker[]];
      let seen = await lookFrom(first);
      await eventually(
        async () => (seen = await lookFrom(first)).users.length === CLIENTS,
        () => `expected ${CLIENTS} users, got ${seen.users.length}: ${seen.users.join()}`,
        60_000,
      );
      const again = clients.reduce((sum, client) => sum + client.again, 0);
      const { kills, coldStarts } = runtime.stats();
      say(
        `live values: ${seen.messages} messages, ${seen.users.length} users; ${again} sent again, ${kills} kills, ` +
          `${coldStarts} instances, ${Math.round((Date.now() - began) / 1000)} s`,
      );
      expect([...seen.users].toSorted()).toEqual(names);
      expect(seen.messages).toBe(CLIENTS * TURNS);
      expect(seen.last).toEqual(Object.fromEntries(names.map((name) => [name, TURNS])));
      expect(kills).toBeGreaterThanOrEqual(10);

      for (const { socket } of others) socket.disconnect();
      await eventually(
        async () => (seen = await lookFrom(first)).users.length === 1,
        () => `expected one user, got ${seen.users.join()}`,
        60_000,
      );
      expect(seen.users).toEqual([first.name]);
      // Lists and numbers have an answer for whatever happens to them.
      expect(lines.filter((line) => line.includes("core.live_conflict"))).toEqual([]);
    });
  }, 1_800_000);

  it("are told of each change that is lost, and of no other", async () => {
    await withChat(async (_, clients, lines) => {
      const setters = clients.slice(0, SETTERS);
      for (const { socket } of setters) while (!socket.connected) await pause(10);
      await Promise.all(
        setters.map(async (client, who) => {
          for (let turn = 0; turn < RENAMES; turn += 1) await client.ask("rename", `${who}.${turn}`);
        }),
      );
      const { topic, before } = await lookFrom(setters[0]!);
      await pause(500);

      const lost = lines.flatMap((line) => /stays, and \\*"([\d.]+)\\*" from here/.exec(line)?.[1] ?? []);
      say(
        `live values: ${Object.keys(before).length} changes of one text after reading it, ${lost.length} of them lost and told`,
      );
      // Whoever has read a change has it for its past: what nobody goes on from is the present, or was told.
      const ends = Object.keys(before).filter((one) => !Object.values(before).includes(one));
      const past = new Set<string>();
      for (let one: string | undefined = topic; one !== undefined; one = before[one]) past.add(one);
      expect(Object.keys(before)).toHaveLength(RENAMES * setters.length);
      expect(ends.filter((one) => one !== topic && !lost.includes(one))).toEqual([]);
      expect(lost.filter((one) => past.has(one))).toEqual([]);
      expect(lost.length).toBeGreaterThan(0);
    });
  }, 200_000);
});
