import { describe, expect, it } from "vitest";
import type { Store } from "../../lib/state/store.ts";
import { Rig } from "../support/rig.ts";
import { collect } from "../state/fixtures.ts";

const ROOMS = 9_000;
const rooms = Array.from({ length: ROOMS }, (_, index) => `room ${index}`);

/** A session with far more rooms than it would be let into, as an earlier version may have left it. */
async function crowded(): Promise<{ rig: Rig; client: Awaited<ReturnType<Rig["connect"]>> }> {
  const rig = new Rig((io) => void io.on("connection", () => undefined));
  const client = await rig.connect();
  const { sockets, session } = (await rig.store.loadSession(client.sid, { handshake: false }))!;
  const route = { kind: "connection", connectionId: session.connectionId! } as const;
  const member = { sid: client.sid, socketId: sockets[0]!.socketId, route, protocol: 4 } as const;
  await rig.store.joinRooms("/", member, rooms);
  return { rig, client };
}

const countLeft = async (store: Store): Promise<number> => {
  let left = 0;
  for (const room of rooms) left += (await collect(store.listRoomMembers("/", room))).length;
  return left;
};

describe("a close that takes longer than its invocation", () => {
  it("comes further with every attempt, and to its end", async () => {
    const { rig, client } = await crowded();
    const left: number[] = [];
    let attempts = 0;
    void client.leave();
    for (;;) {
      const { life } = rig.instances[0]!;
      let steps = 0;
      // Each attempt is cut off in the middle of its second step.
      life.onCall = (call) => {
        if (call === "store.deleteMemberships" && (steps += 1) === 2) life.endsAfter = life.calls.length;
      };
      await (attempts === 0 ? rig.settle() : rig.redeliver());
      attempts += 1;
      left.push(await countLeft(rig.store));
      if (life.endsAfter === undefined || life.calls.length < life.endsAfter) break;
      rig.replace(0);
    }

    // One step of 2,000 is noted in each, and one more done; the last attempt finds nothing left but to say so.
    expect(left).toEqual([5_000, 3_000, 1_000, 0, 0]);
    expect((await rig.store.loadSession(client.sid, { handshake: false }))?.session.phase).toBe("closed");
  });

  it("notes nothing where one step is enough", async () => {
    const rig = new Rig((io) => void io.on("connection", (socket) => socket.join(rooms.slice(0, 1_000))));
    const client = await rig.connect();
    const { life } = rig.instances[0]!;

    await client.leave();

    expect(life.calls.filter((call) => call === "store.deleteMemberships")).toHaveLength(1);
    expect(life.calls).not.toContain("store.noteRemoved");
    expect(await countLeft(rig.store)).toBe(0);
  });
});
