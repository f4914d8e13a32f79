import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { liveRows, noRows, PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

/** How a session ends, by whoever ends it. */
interface Ending {
  readonly title: string;
  readonly end: (rig: Rig, client: PollClient) => Promise<unknown>;
  readonly reason: string;
  /** Whether the client has something left to fetch, for which its rows wait. */
  readonly fetches?: boolean;
}

const endings: readonly Ending[] = [
  { title: "the client's close", end: (_, client) => client.send("1"), reason: "transport close" },
  {
    title: "the client's close while a GET waits",
    end: async (rig, client) => {
      const parked = await client.park();
      await client.send("1");
      await rig.advance(50);
      await parked.answer;
    },
    reason: "transport close",
  },
  {
    title: "a client that leaves its namespaces first",
    end: (_, client) => client.send("41", "1"),
    reason: "client namespace disconnect",
  },
  { title: "a bad payload", end: (_, client) => client.send("abc"), reason: "parse error" },
  { title: "an empty payload", end: (_, client) => client.send(""), reason: "parse error" },
  { title: "a ping", end: (_, client) => client.send("2"), reason: "transport error" },
  {
    title: "bytes",
    end: (_, client) => client.post("x", { headers: { "content-type": "application/octet-stream" } }),
    reason: "transport error",
  },
  { title: "a bad packet", end: (_, client) => client.send("4abc"), reason: "forced close", fetches: true },
  {
    title: "two GETs at once",
    end: async (rig, client) => {
      const first = await client.park();
      await client.get();
      await rig.advance(50);
      await first.answer;
    },
    reason: "transport error",
  },
  {
    title: "the server's disconnect",
    end: (_, client) => client.send('42["kick"]'),
    reason: "server namespace disconnect",
    fetches: true,
  },
  {
    title: "a disconnect from elsewhere",
    end: async (rig) => {
      rig.io.disconnectSockets(true);
      await rig.io.flush();
    },
    reason: "server namespace disconnect",
    fetches: true,
  },
  {
    title: "an outbox that is full",
    end: async (rig) => {
      for (let n = 0; n < 4; n++) {
        rig.io.emit("x", "y".repeat(100_000));
        await rig.io.flush();
      }
    },
    reason: "transport error",
  },
  {
    title: "a GET that comes too late",
    end: async (rig, client) => {
      await rig.advance(70_001);
      await client.get();
    },
    reason: "ping timeout",
  },
  {
    title: "a client that is never heard of again",
    end: async (rig) => {
      for (let minute = 0; minute < 4; minute++) {
        await rig.sweep();
        await rig.advance(60_000);
      }
    },
    reason: "ping timeout",
  },
];

const install = (reasons: string[]) => (io: Server) => {
  io.on("connection", (socket) => {
    void socket.join(["a", "b"]);
    socket.on("kick", () => socket.disconnect(true));
    socket.on("disconnect", (reason) => reasons.push(reason));
  });
};

const timing = { pingInterval: 60_000, pingTimeout: 90_000, instances: 2 };

describe("a polling session leaves no row of a live client behind", () => {
  it.each(endings)("after $title", async ({ end, reason, fetches = false }) => {
    const reasons: string[] = [];
    const rig = new Rig(install(reasons), timing);
    const client = await PollClient.connect(rig);
    expect(liveRows(rig)).toEqual({ outboxes: 1, beats: 1, roomMembers: 3, namespaceMembers: 1 });

    await end(rig, client);
    await rig.settle();

    expect(reasons).toEqual([reason]);
    if (fetches) {
      expect(liveRows(rig)).toEqual({ ...noRows, outboxes: 1, beats: 1 });
      // What was sent before comes in an answer of its own: in one with the close, a client would hear it too late.
      const last = await client.fetch();
      expect(last === "6\x1e1" ? last : await client.fetch()).toBe("6\x1e1");
      for (let minute = 0; minute < 4; minute++) {
        await rig.sweep();
        await rig.advance(60_000);
      }
    }
    expect(liveRows(rig)).toEqual(noRows);
    expect(rig.mailbox.left).toEqual([]);
  });

  it.each(endings.filter(({ fetches }) => fetches))(
    "after $title that it never fetches",
    async ({ end, reason }) => {
      const reasons: string[] = [];
      const rig = new Rig(install(reasons), timing);
      const client = await PollClient.connect(rig);

      await end(rig, client);
      for (let minute = 0; minute < 6; minute++) {
        await rig.sweep();
        await rig.advance(60_000);
      }

      expect(reasons).toEqual([reason]);
      expect(liveRows(rig)).toEqual(noRows);
    },
  );

  it.each([
    ["the client's close of its WebSocket", "transport close"],
    ["the server's disconnect", "server namespace disconnect"],
    ["a bad frame", "parse error"],
    ["no pong", "ping timeout"],
  ])("after an upgrade and %s", async (how, reason) => {
    const reasons: string[] = [];
    const rig = new Rig(install(reasons), timing);
    const client = await PollClient.connect(rig);
    const socket = await client.upgrade();

    if (reason === "transport close") await socket.leave();
    else if (reason === "server namespace disconnect") await socket.send('42["kick"]');
    else if (reason === "parse error") await socket.send("abc");
    else {
      for (let minute = 0; minute < 5; minute++) {
        await rig.sweep();
        await rig.advance(60_000);
      }
    }
    await rig.settle();

    expect([how, reasons]).toEqual([how, [reason]]);
    expect(liveRows(rig)).toEqual(noRows);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that was refused or never begun", async () => {
    const rig = new Rig(install([]), { ...timing, connectTimeout: 45_000 });
    await rig.sweep();
    await PollClient.open(rig);

    for (let minute = 0; minute < 4; minute++) {
      await rig.advance(60_000);
      await rig.sweep();
    }

    expect(liveRows(rig)).toEqual(noRows);
  });
});
