import { beforeEach, expect, it } from "vitest";
import { toConnectionId } from "../../../lib/ids.ts";
import type { Route } from "../../../lib/state/records.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import {
  appendOf,
  beatOf,
  collect,
  connectionRoute,
  connectOf,
  createOwnedClock,
  getOf,
  handshakeOf,
  pollingSessionOf,
  probeOf,
  sessionOf,
  sidOf,
  START_MS,
} from "../fixtures.ts";

export function describeUpgrades(makeStore: MakeStore): void {
  const sid = sidOf(1);
  const ws = toConnectionId("ws=");
  const other = toConnectionId("other=");
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
    await store.createPollingSession(pollingSessionOf(sid), handshakeOf(), beatOf(sid));
  });

  it("knows nothing of an outbox that was never made", async () => {
    const nobody = sidOf(9);

    expect(await store.startProbe(probeOf(nobody, "ws="))).toBe("gone");
    expect(await store.endProbe(nobody, ws)).toBe(false);
    expect(await store.takeOutbox(nobody)).toEqual([]);
    expect(await store.moveOutbox(nobody, ws)).toBe(false);
    expect(await store.upgradeSession(nobody, ws)).toBe(false);
    expect(await store.readOutbox(nobody)).toBeUndefined();
    expect(await store.loadSession(nobody, { handshake: false })).toBeUndefined();
  });

  it("lets one WebSocket of two try to take over", async () => {
    const outcomes = await Promise.all([
      store.startProbe(probeOf(sid, "ws=")),
      store.startProbe(probeOf(sid, "other=")),
    ]);

    expect(outcomes.toSorted()).toEqual(["busy", "started"]);
  });

  it("keeps a probe for its time, and tells of it", async () => {
    expect(await store.startProbe(probeOf(sid, "ws="))).toBe("started");
    expect(await store.readOutbox(sid)).toStrictEqual({
      sid,
      frames: [],
      probe: { target: "ws=", untilMs: START_MS + 10_000 },
      lastGetUntilMs: START_MS,
      closed: false,
    });

    expect(await store.startProbe(probeOf(sid, "other=", START_MS + 9_999))).toBe("busy");
    expect(await store.startProbe(probeOf(sid, "ws=", START_MS + 9_999))).toBe("started");
    expect(await store.startProbe(probeOf(sid, "other=", START_MS + 19_998))).toBe("busy");
    expect(await store.startProbe(probeOf(sid, "other=", START_MS + 19_999))).toBe("started");
    expect(await store.moveOutbox(sid, ws)).toBe(false);
  });

  it("forgets a probe at its own word only, and once", async () => {
    await store.startProbe(probeOf(sid, "ws="));

    expect(await store.endProbe(sid, other)).toBe(false);
    expect(await store.endProbe(sid, ws)).toBe(true);
    expect(await store.endProbe(sid, ws)).toBe(false);

    expect(await store.readOutbox(sid)).not.toHaveProperty("probe");
    expect(await store.startProbe(probeOf(sid, "other="))).toBe("started");
  });

  it("forgets a probe that is past its time", async () => {
    await store.startProbe(probeOf(sid, "ws=", START_MS - 60_000));

    expect(await store.endProbe(sid, ws)).toBe(true);
  });

  it("does not probe what is closed or has moved", async () => {
    const closed = sidOf(2);
    await store.createPollingSession(pollingSessionOf(closed), handshakeOf(), beatOf(closed));
    await store.closeOutbox(closed, ["1"]);
    await store.startProbe(probeOf(sid, "ws="));
    await store.moveOutbox(sid, ws);

    expect(await store.startProbe(probeOf(closed, "ws="))).toBe("gone");
    expect(await store.startProbe(probeOf(sid, "ws="))).toBe("gone");
    expect(await store.startProbe(probeOf(sid, "other="))).toBe("gone");
  });

  it("takes every frame once", async () => {
    await store.appendOutbox(appendOf(sid, ["2", '42["a"]']));

    expect(await store.takeOutbox(sid)).toEqual(["2", '42["a"]']);
    expect(await store.takeOutbox(sid)).toEqual([]);
    await store.appendOutbox(appendOf(sid, ["2"]));
    expect(await store.takeOutbox(sid)).toEqual(["2"]);
  });

  it("takes frames and leaves the GET that is parked where it is", async () => {
    await store.openGet(getOf(sid, "g1"));
    await store.appendOutbox(appendOf(sid, ["6"]));

    expect(await store.takeOutbox(sid)).toEqual(["6"]);

    expect(await store.endGet(sid, "g1", START_MS)).toEqual({ frames: [], closed: false });
  });

  it("takes nothing of what is closed or has moved", async () => {
    const moved = sidOf(2);
    await store.createPollingSession(pollingSessionOf(moved), handshakeOf(), beatOf(moved));
    await store.startProbe(probeOf(moved, "ws="));
    await store.moveOutbox(moved, ws);
    await store.closeOutbox(sid, ["1"]);

    expect(await store.takeOutbox(sid)).toEqual([]);
    expect(await store.takeOutbox(moved)).toEqual([]);

    expect((await store.readOutbox(sid))?.frames).toEqual(["1"]);
  });

  it("moves to its probe when it is empty, and has then moved", async () => {
    expect(await store.moveOutbox(sid, ws)).toBe(false);
    await store.startProbe(probeOf(sid, "ws="));
    await store.appendOutbox(appendOf(sid, ["2"]));
    expect(await store.moveOutbox(sid, ws)).toBe(false);
    await store.takeOutbox(sid);
    expect(await store.moveOutbox(sid, other)).toBe(false);

    expect(await store.moveOutbox(sid, ws)).toBe(true);

    expect(await store.moveOutbox(sid, ws)).toBe(true);
    expect(await store.moveOutbox(sid, other)).toBe(false);
    expect(await store.readOutbox(sid)).toStrictEqual({
      sid,
      frames: [],
      movedTo: "ws=",
      lastGetUntilMs: START_MS,
      closed: false,
    });
  });

  it("does not move what is closed", async () => {
    await store.startProbe(probeOf(sid, "ws="));
    await store.closeOutbox(sid, []);

    expect(await store.moveOutbox(sid, ws)).toBe(false);
  });

  it("does not move under a frame that comes at the same time: it waits, or is sent on", async () => {
    await store.startProbe(probeOf(sid, "ws="));

    const [moved, append] = await Promise.all([
      store.moveOutbox(sid, ws),
      store.appendOutbox(appendOf(sid, ["2"])),
    ]);

    const frames = (await store.readOutbox(sid))?.frames;
    expect([moved, append.outcome, frames]).toBeOneOf([
      [true, "moved", []],
      [false, "appended", ["2"]],
    ]);
  });

  it("ends a GET that was left parked when the session moved", async () => {
    await store.openGet(getOf(sid, "g1"));
    await store.startProbe(probeOf(sid, "ws="));
    await store.moveOutbox(sid, ws);

    expect(await store.endGet(sid, "g1", START_MS)).toEqual({ frames: [], closed: false });
  });

  it("upgrades a session, whatever its phase, and again", async () => {
    await store.severSession(sid);

    expect(await store.upgradeSession(sid, ws)).toBe(true);
    expect(await store.upgradeSession(sid, ws)).toBe(true);

    expect((await store.loadSession(sid, { handshake: false }))?.session).toStrictEqual(
      sessionOf(sid, { connectionId: ws, phase: "severed" }),
    );
  });

  const out: Route = { kind: "out" };
  const repairs: readonly [string, Route, Route, Route, boolean][] = [
    ["the route that failed", out, out, connectionRoute("ws="), true],
    ["the new route already", connectionRoute("ws="), out, connectionRoute("ws="), true],
    ["a third", connectionRoute("third="), out, connectionRoute("ws="), false],
    ["a connection named like an outbox", connectionRoute("o"), out, connectionRoute("ws="), false],
  ];
  it.each(repairs)(
    "repairs a row whose route is %s: %j, %j to %j, %s",
    async (_, route, from, to, repaired) => {
      const connect = connectOf(1, "/", ["a"]);
      await store.connectSocket({ ...connect, member: { ...connect.member, route } });

      expect(await store.repairRoute("/", "a", sid, from, to)).toBe(repaired);
      expect(await store.repairRoute("/", undefined, sid, from, to)).toBe(repaired);

      const everyone = await Promise.all(store.listNamespaceMembers("/").map((stream) => collect(stream)));
      const member = { ...connect.member, route: repaired ? to : route };
      expect(await collect(store.listRoomMembers("/", "a"))).toStrictEqual([member]);
      expect(everyone.flat()).toStrictEqual([member]);
      expect(await collect(store.listRoomMembers("/", member.socketId))).toMatchObject([{ route }]);
    },
  );

  it("repairs no row of a room that was left, and none that has expired", async () => {
    await store.connectSocket(connectOf(1, "/", ["a", "b"]));
    await store.leaveRooms("/", sid, ["a"]);

    expect(await store.repairRoute("/", "a", sid, connectionRoute(), out)).toBe(false);
    clock.set(sessionOf(sid).expiresAtSeconds * 1000);
    expect(await store.repairRoute("/", "b", sid, connectionRoute(), out)).toBe(false);
    expect(await store.repairRoute("/", undefined, sid, connectionRoute(), out)).toBe(false);

    expect(await collect(store.listRoomMembers("/", "a"))).toEqual([]);
  });
}
