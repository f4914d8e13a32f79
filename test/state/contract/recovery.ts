import { beforeEach, expect, it } from "vitest";
import { createSid, toConnectionId, type Pid, type Sid } from "../../../lib/ids.ts";
import type { Route } from "../../../lib/state/records.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  appendOf,
  beatOf,
  collect,
  connectOf,
  createOwnedClock,
  memberOf,
  probeOf,
  sessionOf,
  sidOf,
  socketIdOf,
  START_MS,
} from "../fixtures.ts";

export function describeRecovery(makeStore: MakeStore): void {
  const pid = "p-_0AZaz".padEnd(20, "9") as Pid;
  const [first, second, third] = [sidOf(1), sidOf(2, START_MS + 60_000), sidOf(3, START_MS + 90_000)];
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  const connected = { pid, nsp: "/chat", socketId: socketIdOf(1), sid: first };

  it("knows whose state a private id stands for, from the connect of a socket that has one", async () => {
    await store.connectSocket(connectOf(1, "/other"));
    expect(await store.getPid(pid)).toBeUndefined();

    await store.connectSocket(connectOf(1, "/chat", ["lobby"], { pid }));

    expect(await store.getPid(pid)).toStrictEqual(connected);
  });

  it("leaves a private id when its socket goes, for that is when it is asked for", async () => {
    await store.connectSocket(connectOf(1, "/chat", [], { pid }));

    await store.disconnectSocket(first, "/chat", socketIdOf(1), []);
    await store.deleteMemberships(first, [{ nsp: "/chat", socketId: socketIdOf(1), rooms: [] }]);

    expect(await store.getPid(pid)).toStrictEqual(connected);
  });

  it("moves a state to another session, once, and says so again to the same one", async () => {
    await store.connectSocket(connectOf(1, "/chat", [], { pid }));

    const moved = await Promise.all([store.movePid(pid, first, second), store.movePid(pid, first, third)]);

    expect(moved.toSorted()).toEqual([false, true]);
    const [to, other] = moved[0] ? [second, third] : [third, second];
    expect(await store.getPid(pid)).toStrictEqual({ ...connected, sid: to, previousSid: first });
    expect(await store.movePid(pid, first, to)).toBe(true);
    expect(await store.movePid(pid, first, other)).toBe(false);
    expect(await store.getPid(pid)).toStrictEqual({ ...connected, sid: to, previousSid: first });
  });

  it("moves a state on from there, and back to nobody who had it before", async () => {
    await store.connectSocket(connectOf(1, "/chat", [], { pid }));
    await store.movePid(pid, first, second);

    expect(await store.movePid(pid, second, third)).toBe(true);

    expect(await store.movePid(pid, first, second)).toBe(false);
    expect(await store.movePid(pid, first, third)).toBe(false);
    expect(await store.getPid(pid)).toStrictEqual({ ...connected, sid: third, previousSid: second });
  });

  it("gives a private id that connects anew to its socket, with nobody before", async () => {
    await store.connectSocket(connectOf(1, "/chat", [], { pid }));
    await store.movePid(pid, first, second);

    await store.connectSocket(connectOf(4, "/chat", [], { pid }));

    expect(await store.getPid(pid)).toStrictEqual({ ...connected, socketId: socketIdOf(4), sid: sidOf(4) });
  });

  it("moves nothing of a private id that nobody has", async () => {
    expect(await store.movePid(pid, first, second)).toBe(false);
    expect(await store.getPid(pid)).toBeUndefined();
  });

  it("keeps a private id as long as the session that has it", async () => {
    await store.connectSocket(connectOf(1, "/chat", [], { pid }));
    const firstEndsMs = sessionOf(first).expiresAtSeconds * 1000;

    clock.set(firstEndsMs - 1);
    expect(await store.movePid(pid, first, second)).toBe(true);
    clock.set(firstEndsMs);
    expect((await store.getPid(pid))?.sid).toBe(second);

    clock.set(sessionOf(second).expiresAtSeconds * 1000);
    expect(await store.getPid(pid)).toBeUndefined();
    expect(await store.movePid(pid, second, third)).toBe(false);
  });

  it.each(["", "p".repeat(19), "p".repeat(21), "p".repeat(19) + "#"])(
    "refuses %j, which no private id can be",
    async (text) => {
      const malformed = { code: "state.malformed_pid" };

      await expect(store.getPid(text as Pid)).rejects.toMatchObject(malformed);
      await expect(store.movePid(text as Pid, first, second)).rejects.toMatchObject(malformed);
      await expect(
        store.connectSocket(connectOf(1, "/chat", [], { pid: text as Pid })),
      ).rejects.toMatchObject(malformed);
      expect(await collect(store.listRoomMembers("/chat", socketIdOf(1)))).toEqual([]);
    },
  );

  const hold = createSid(START_MS);
  const ws = toConnectionId("ws=");

  it("makes a hold: an open, empty outbox with a probe of that connection", async () => {
    await store.createHold(hold, ws);

    expect(await store.readOutbox(hold)).toStrictEqual({
      sid: hold,
      frames: [],
      probe: { target: ws, untilMs: Number.MAX_SAFE_INTEGER },
      lastGetUntilMs: START_MS,
      closed: false,
    });
  });

  it("fills a hold, takes what is in it, and moves it to its connection, like an outbox", async () => {
    const later = appendOf(hold, ['42["b"]'], { nowMs: START_MS + 3_600_000 });
    await store.createHold(hold, ws);

    expect(await store.appendOutbox(appendOf(hold, ['42["a"]']))).toEqual({
      outcome: "appended",
      lastGetUntilMs: START_MS,
    });
    expect(await store.moveOutbox(hold, ws)).toBe(false);
    expect(await store.takeOutbox(hold)).toEqual(['42["a"]']);
    expect(await store.startProbe(probeOf(hold, "other=", START_MS + 3_600_000))).toBe("busy");
    expect(await store.appendOutbox(later)).toMatchObject({ outcome: "appended" });
    expect(await store.takeOutbox(hold)).toEqual(['42["b"]']);
    expect(await store.moveOutbox(hold, toConnectionId("other="))).toBe(false);
    expect(await store.moveOutbox(hold, ws)).toBe(true);

    expect(await store.moveOutbox(hold, ws)).toBe(true);
    expect(await store.appendOutbox(later)).toEqual({ outcome: "moved", target: ws });
    expect(await store.takeOutbox(hold)).toEqual([]);
  });

  it("keeps a hold as long as a session of its age", async () => {
    await store.createHold(hold, ws);

    clock.set(sessionOf(hold).expiresAtSeconds * 1000);

    expect(await store.readOutbox(hold)).toBeUndefined();
    expect(await store.appendOutbox(appendOf(hold, ["2"]))).toEqual({ outcome: "gone" });
  });

  it("has members on hold, told apart by their hold, in rooms and beats", async () => {
    const held: Route = { kind: "held", hold };
    const other: Route = { kind: "held", hold: sidOf(9) };
    const connection: Route = { kind: "connection", connectionId: ws };
    const member = memberOf(1, { route: held });
    await store.joinRooms("/", member, ["a"]);
    await store.openBeat(beatOf(first, { route: held }));

    expect(await collect(store.listRoomMembers("/", "a"))).toStrictEqual([member]);
    expect((await store.getBeat(first, 240_000))?.route).toStrictEqual(held);
    for (const route of [other, { kind: "out" }, connection] as const) {
      expect(await store.deleteMemberIfRoute("/", "a", first, route)).toBe(false);
      expect(await store.repairRoute("/", "a", first, route, other)).toBe(false);
    }
    expect(await store.repairRoute("/", "a", first, held, connection)).toBe(true);
    expect(await store.repairRoute("/", "a", first, held, connection)).toBe(true);
    expect(await collect(store.listRoomMembers("/", "a"))).toStrictEqual([{ ...member, route: connection }]);
    expect(await store.repairRoute("/", "a", first, connection, held)).toBe(true);
    expect(await store.deleteMemberIfRoute("/", "a", first, held)).toBe(true);
  });

  it("refuses a hold that is no session id", async () => {
    await expect(store.createHold("hold" as Sid, ws)).rejects.toMatchObject({ code: "state.malformed_sid" });
  });
}
