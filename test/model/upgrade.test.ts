import { describe, expect, it } from "vitest";
import { explore, type Model } from "./explorer.ts";
import { POLL_HOLD_MS, seatPoller, type Poller, type PollerOptions } from "./poller.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

type TakeOver = (instance: Instance, poller: Poller) => Promise<unknown>;

const emitTwice =
  (name: string) =>
  async ({ io }: Instance): Promise<void> => {
    io.to("lobby").emit(`${name}1`);
    io.to("lobby").emit(`${name}2`);
    await io.flush();
  };

const received = ({ heard }: Poller, name: string): string =>
  heard.flatMap((frame) => new RegExp(`"${name}(\\d)"`).exec(frame)?.[1] ?? []).join("");

/** The same to one client, without a room: fewer steps. */
const sendTo =
  ({ sid }: Poller, name: string, count: number) =>
  async ({ runtime }: Instance): Promise<void> => {
    for (let number = 1; number <= count; number += 1) {
      await runtime.outbound.send({ sid, route: { kind: "out" } }, [`42["${name}${number}"]`]);
    }
  };

interface Scene extends PollerOptions {
  /** Default: one, of a room. */
  readonly emitters?: Readonly<Record<string, number>>;
  /** Whether a GET is on its way when the upgrade begins; without, the client has said `5`. Default false. */
  readonly polling?: boolean;
  /** For controls: instead of what `5` causes. */
  readonly takeOver?: TakeOver;
}

/** Emitters send to a client that moves to a WebSocket meanwhile. */
const emitAndUpgrade =
  ({ emitters, polling, takeOver, ...options }: Scene = {}): Model =>
  async (schedule) => {
    const world = new World(schedule, { server: { pollHold: POLL_HOLD_MS } });
    const poller = await seatPoller(world, 1, {
      rooms: ["lobby"],
      probing: true,
      upgraded: polling !== true,
      ...options,
    });
    if (!emitters) world.runScript("a", emitTwice("a"));
    for (const [name, count] of Object.entries(emitters ?? {})) {
      world.runScript(name, sendTo(poller, name, count));
    }
    if (takeOver) world.runScript("takeover", (instance) => takeOver(instance, poller));
    else if (polling) poller.get();
    else world.prepare(poller.frame("5"));
    return async () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if (poller.state === "ended") return "the client was sent away";
      for (const [name, count] of Object.entries(emitters ?? { a: 2 })) {
        const all = "12".slice(0, count);
        if (received(poller, name) !== all) return `the client received ${received(poller, name)} of ${all}`;
      }
      if (takeOver) return undefined;
      const snapshot = await world.table.own.loadSession(poller.sid, { handshake: false });
      const beat = await world.table.own.getBeat(poller.sid, 240_000);
      const isOn =
        snapshot?.session.connectionId === poller.connectionId && beat?.route.kind === "connection";
      return isOn ? undefined : "the session has not moved";
    };
  };

/** Takes what waits, says where the session is from now on, and only then posts. */
const moveFirst: TakeOver = async ({ runtime: { store, outbound } }, { sid, connectionId }) => {
  const frames: string[] = [];
  do frames.push(...(await store.takeOutbox(sid)));
  while (!(await store.moveOutbox(sid, connectionId)));
  await outbound.send({ sid, route: { kind: "connection", connectionId } }, frames);
};

/** Takes what waits once, and does not look whether more has come before it moves. */
const takeOnce: TakeOver = async ({ runtime: { store, outbound } }, { sid, connectionId }) => {
  await outbound.send({ sid, route: { kind: "connection", connectionId } }, await store.takeOutbox(sid));
  while (!(await store.moveOutbox(sid, connectionId))) await store.takeOutbox(sid);
};

/**
 *     emitter    appends a1
 *     takeover   takes a1
 *     emitter    appends a2
 *     takeover   posts a1; moves IF nothing waits: it does, so takes and posts a2, and moves
 *     emitter    appends a3: moved, so it posts
 */
describe("emits to a client that is being upgraded", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("arrive once and in order", async () => {
    await expectSafe("upgrade, one emitter", emitAndUpgrade());
  });

  it("arrive once and in order over both transports when a GET is on its way", async () => {
    await expectSafe("upgrade, GET, one emitter", emitAndUpgrade({ polling: true }));
  });

  it("arrive once and in order of each of two emitters", async () => {
    await expectSafe("upgrade, two emitters", emitAndUpgrade({ emitters: { a: 2, b: 1 } }));
  });

  it("would overtake each other if the session moved before they were posted", async () => {
    const overtaken = emitAndUpgrade({ emitters: { a: 2 }, takeOver: moveFirst });

    await expectViolated("moved before posted", overtaken, "received 21 of 12");
  });

  it("would be lost if they were taken once", async () => {
    const lossy = emitAndUpgrade({ emitters: { a: 2 }, takeOver: takeOnce });

    await expectViolated("taken once", lossy, "of 12");
  });
});

describe("the reduction of an upgrade's orders", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("comes to the same ends as all orders do", async () => {
    const endsOf = async (reduce: boolean) => {
      const ends = new Set<string | undefined>();
      const model = emitAndUpgrade({ emitters: { a: 2 }, takeOver: moveFirst });
      const { complete } = await explore(
        async (schedule) => {
          const check = await model(schedule);
          return async () => void ends.add(await check());
        },
        { reduce },
      );
      return { ends: [...ends].sort(), complete };
    };

    const all = await endsOf(false);

    expect(all.complete).toBe(true);
    expect(all.ends.length).toBeGreaterThan(1);
    expect(await endsOf(true)).toEqual(all);
  });
});

/** What a client has POSTed, and what it says over its WebSocket from the first moment on. */
const postAndUpgrade =
  (maxBatch: number): Model =>
  async (schedule) => {
    const app = ({ io }: Instance) => {
      io.on("connection", (socket) => {
        socket.on("say", (number: number) => {
          world.said.push(String(number));
          socket.emit("said", number);
        });
      });
    };
    const world: World = new World(schedule, { app, maxBatch, server: { pollHold: POLL_HOLD_MS } });
    const ticks = { atOnce: 0, atAnyTime: 0 };
    const poller = await seatPoller(world, 1, { probing: true, afterwards: ['42["say",3]'], ticks });
    poller.post('42["say",1]\x1e42["say",2]', () => poller.get());
    return () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      if (poller.state !== "upgraded") return "the client was sent away";
      if (world.said.join("") !== "123") return `handlers ran in the order ${world.said.join("")}`;
      const answers = poller.heard.map((frame) => /(\d)\]$/.exec(frame)?.[1]).join("");
      return answers === "123" ? undefined : `the client heard ${answers} of 123`;
    };
  };

describe("what a client sends while it is upgraded", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("is handled in the order POSTs, then WebSocket, and answered in that order", async () => {
    await expectSafe("POSTs, 5, frames", postAndUpgrade(1));
    await expectSafe("POSTs, 5, frames, one batch", postAndUpgrade(10));
  });
});
