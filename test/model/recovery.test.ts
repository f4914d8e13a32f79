import { describe, expect, it } from "vitest";
import { createOffset, firstOffset, type Offset, type Pid } from "../../lib/ids.ts";
import { packetOf, START_MS } from "../state/fixtures.ts";
import { describeViolation, explore, type Model } from "./explorer.ts";
import { seat, type Guest } from "./guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "./verify.ts";
import { World, type Instance } from "./world.ts";

const PID = "a-private-id-of-one_" as Pid;
/** What the client has had before any packet of a model. */
const OFFSET = `${firstOffset(START_MS - 10_000)}0000-00000000` as Offset;
const EXPIRES_AT_SECONDS = START_MS / 1000 + 3_600;

type Script = (instance: Instance) => Promise<unknown>;

const emitTo =
  (...rooms: readonly string[]): Script =>
  async ({ io }) => {
    for (const [index, room] of rooms.entries()) io.to(room).emit(`a${index + 1}`);
    await io.flush();
  };

const connectFrame = (guest: Guest, offset = OFFSET) =>
  guest.frame(`40${JSON.stringify({ pid: PID, offset })}`);

const toNumbers = (frames: readonly string[]): string =>
  frames.flatMap((frame) => /"a(\d)"/.exec(frame)?.[1] ?? []).join("");

const offsetAfter = (frames: readonly string[], offset: Offset): Offset =>
  (/"([^"]+)"\]$/.exec(frames.filter((frame) => frame.startsWith("42")).at(-1) ?? "")?.[1] as
    Offset | undefined) ?? offset;

/** Each number in the place where it came first. */
const firsts = (numbers: string): string => [...new Set(numbers)].join("");

/** From the log; and from its sender, if that was about to append it to the hold and found that it had moved. */
const isTwiceAtMost = (numbers: string): boolean => !/(.).*\1.*\1/.test(numbers);

async function close({ table }: World, { sid, socketId }: Guest, rooms: readonly string[]): Promise<void> {
  const lease = { nowMs: START_MS, leaseUntilMs: START_MS + 1 };
  await table.own.beginClose({ sid, reason: "transport close", ...lease });
  await table.members.deleteMemberships(sid, [{ nsp: "/", socketId, rooms }]);
  await table.own.finishClose(sid);
  // What the client has heard last.
  await table.own.appendLog([packetOf(0, { offset: OFFSET, room: rooms[0] })], EXPIRES_AT_SECONDS);
}

interface Scene {
  readonly rooms?: readonly string[];
  readonly emitters: Readonly<Record<string, Script>>;
  /** For controls: instead of what CONNECT causes. */
  readonly restore?: (instance: Instance, old: Guest, fresh: Guest) => Promise<unknown>;
  readonly expected: string;
}

/** A client is away; while it comes back, others send to its rooms. */
const comeBack =
  ({ rooms = ["lobby"], emitters, restore, expected }: Scene): Model =>
  async (schedule) => {
    const world = new World(schedule, { server: { connectionStateRecovery: {} } });
    world.table.loggedRooms = rooms;
    const old = await seat(world, 1, { rooms, pid: PID, online: false });
    await close(world, old, rooms);
    const fresh = await seat(world, 2, { joined: false });
    for (const [name, script] of Object.entries(emitters)) world.runScript(name, script);
    if (restore) world.runScript("restore", (instance) => restore(instance, old, fresh));
    else world.prepare(connectFrame(fresh));
    return () => {
      if (world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const numbers = toNumbers(fresh.frames);
      if (firsts(numbers) !== expected) return `the client received ${numbers} of ${expected}`;
      return isTwiceAtMost(numbers) ? undefined : `the client received ${numbers}`;
    };
  };

const twoRooms = comeBack({
  rooms: ["hall", "lobby"],
  emitters: { a: emitTo("hall", "lobby") },
  expected: "12",
});

describe("emits to a client whose state is being restored", { timeout: 2 * MODEL_TIMEOUT_MS }, () => {
  it("arrive in order", async () => {
    const model = comeBack({ emitters: { a: emitTo("lobby", "lobby") }, expected: "12" });

    await expectSafe("restore, one emitter", model);
  });

  it("arrive in order from several rooms, as far as ten thousand schedules show", async () => {
    const verdict = await explore(twoRooms, { limit: 10_000 });

    expect(describeViolation(verdict)).toBe("");
  });

  it("would overtake what was missed if there were no hold", async () => {
    const restore: Scene["restore"] = async ({ runtime: { store, outbound } }, old, fresh) => {
      await store.connectSocket(connectOf(old, fresh, ["lobby"]));
      const missed = await store.listLog("/", "lobby", OFFSET);
      for (const { messages } of missed) await outbound.send(fresh.member, [`4${messages.join("")}`]);
    };

    const model = comeBack({ emitters: { a: emitTo("lobby", "lobby") }, restore, expected: "12" });

    await expectViolated("no hold", model, /received 2\d* of 12/);
  });

  it("would be lost if the log were read before others could find the client", async () => {
    const restore: Scene["restore"] = async ({ runtime: { store, outbound } }, old, fresh) => {
      const missed = await store.listLog("/", "lobby", OFFSET);
      await store.connectSocket(connectOf(old, fresh, ["lobby"]));
      for (const { messages } of missed) await outbound.send(fresh.member, [`4${messages.join("")}`]);
    };

    const model = comeBack({ emitters: { a: emitTo("lobby") }, restore, expected: "1" });

    await expectViolated("log read first", model, "received  of 1");
  });

  it("would be lost if they were posted before they were logged", async () => {
    const postFirst: Script = async ({ runtime: { store, outbound } }) => {
      const offset = createOffset(START_MS);
      const frame = `2["a1","${offset}"]`;
      for await (const page of store.listRoomMembers("/", "lobby")) {
        for (const member of page) await outbound.send(member, [`4${frame}`]);
      }
      await store.appendLog([packetOf(0, { offset, messages: [frame] })], EXPIRES_AT_SECONDS);
    };

    const model = comeBack({ emitters: { a: postFirst }, expected: "1" });

    await expectViolated("posted first", model, "received  of 1");
  });
});

const connectOf = (old: Guest, fresh: Guest, rooms: readonly string[]) => ({
  sid: fresh.sid,
  socket: { nsp: "/", socketId: old.socketId, pid: PID, connectedAtMs: START_MS, data: {}, spent: [] },
  auth: { nsp: "/", socketId: old.socketId, auth: {} },
  member: { ...fresh.member, socketId: old.socketId },
  rooms,
});

/**
 * A client that comes back a second time, with what it had of the first, whose connection breaks at any moment. That
 * of an instance which crashes meanwhile is in `test/socketio/recovery/coming-back.test.ts`, call by call.
 */
const comeBackTwice =
  ({ rooms = ["lobby"], emitters, expected }: Scene): Model =>
  async (schedule) => {
    const world = new World(schedule, { server: { connectionStateRecovery: {} } });
    world.table.loggedRooms = rooms;
    const old = await seat(world, 1, { rooms, pid: PID, online: false });
    await close(world, old, rooms);
    const fresh = await seat(world, 2, { joined: false });
    const again = await seat(world, 3, { joined: false });
    for (const [name, script] of Object.entries(emitters)) world.runScript(name, script);
    world.prepare(connectFrame(fresh));
    const connection = world.connections.get(fresh.connectionId)!;
    world.schedule.run("network", () =>
      world.schedule.step(
        "network",
        "breaks",
        [{ what: `gateway|${fresh.connectionId}`, writes: true }],
        () => {
          connection.open = false;
        },
      ),
    );
    world.schedule.later(() => {
      connection.open = false;
      world.mail("gateway", fresh.closed());
    });
    world.schedule.later(() => {
      world.mail("client", connectFrame(again, offsetAfter(fresh.frames, OFFSET)));
    });
    return () => {
      const heard = toNumbers(fresh.frames) + toNumbers(again.frames);
      if (!again.frames.some((frame) => frame.includes(old.socketId))) return "its state was not restored";
      if (firsts(heard) !== expected) return `the client received ${heard} of ${expected}`;
      return undefined;
    };
  };

describe("a client that is cut off while its state is restored", { timeout: 2 * MODEL_TIMEOUT_MS }, () => {
  it("has every packet when it comes back once more", async () => {
    const model = comeBackTwice({ emitters: { a: emitTo("lobby") }, expected: "1" });

    await expectSafe("restore, break, restore", model);
  });
});
