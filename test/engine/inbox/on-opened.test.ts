import { describe, expect, it } from "vitest";
import { Rig } from "../../support/rig.ts";

const silent = () => undefined;

describe("OPEN", () => {
  it("is the first frame of a session, with five keys", async () => {
    const rig = new Rig(silent, { pingInterval: 25_000, pingTimeout: 20_000 });

    const client = await rig.open();

    expect(client.received).toEqual([
      `0{"sid":"${client.sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
    ]);
    expect(await rig.store.getBeat(client.sid, 25_000)).toMatchObject({ lastPongAtMs: rig.clock.nowMs() });
  });

  it("is tried again while the gateway still answers the handshake", async () => {
    const rig = new Rig(silent);
    const client = await rig.admit();
    rig.transport.answer(client.connectionId, "gone", "gone", "gone");

    await rig.settle();
    const early = client.received;
    await rig.advance(25 + 50 + 100);

    expect(early).toEqual([]);
    expect(client.received).toHaveLength(1);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("is given up after about five seconds, and the session is closed", async () => {
    const rig = new Rig(silent);
    const client = await rig.admit();
    rig.transport.drop(client.connectionId);

    await rig.settle();
    await rig.advance(5_100);

    expect(rig.transport.posts.length).toBeGreaterThan(5);
    expect((await rig.store.loadSession(client.sid, { handshake: false }))?.session.phase).toBe("closed");
    expect(rig.store.countRows().beats).toBe(0);
  });

  it("that waits does not hold up other sessions", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("ping me", (ack: () => void) => ack()));
    });
    const waiting = await rig.admit();
    rig.transport.drop(waiting.connectionId);
    await rig.settle();

    const other = await rig.connect();
    await other.send('420["ping me"]');

    expect(other.received).toEqual(["430[]"]);
  });

  it("twice, after a crash, is posted twice and keeps the beat", async () => {
    const rig = new Rig(silent);
    const client = await rig.admit();
    rig.instances[0]!.life.endsAfter = 2;
    await rig.settle();
    rig.replace(0);

    await rig.redeliver();

    expect(client.received).toHaveLength(2);
    expect(rig.store.countRows().beats).toBe(1);
    expect(rig.mailbox.left).toEqual([]);
  });
});

describe("a client that wants in", () => {
  it("is let in without a look at its headers", async () => {
    const rig = new Rig(silent);

    await rig.admit({}, { cookie: "x".repeat(9_000), "user-agent": "small" });

    expect(rig.store.countRows()).toMatchObject({ sessions: 1, handshakes: 1 });
  });

  it.each([
    ["an unknown transport", { transport: "carrier-pigeon" }, "Transport unknown"],
    ["polling", { transport: "polling" }, "Bad request"],
    ["Engine.IO 3", { EIO: "3" }, "Unsupported protocol version"],
    ["a session that it does not have", { sid: "AAAAAAAAAAAAAAAAAAAA" }, "Session ID unknown"],
  ])("is refused with %s, and nothing is stored", async (_, query, message) => {
    const rig = new Rig(silent);

    await expect(rig.admit(query as Record<string, string>)).rejects.toThrow(message);

    expect(rig.store.countRows()).toMatchObject({ sessions: 0, handshakes: 0 });
  });

  it("is refused by allowRequest in its own words", async () => {
    const seen: unknown[] = [];
    const rig = new Rig(silent, {
      allowRequest: (request, callback) => {
        seen.push([request.method, request.headers["origin"], request.query["token"], request.address]);
        callback("not today", false);
      },
    });

    await expect(rig.admit({ token: "t" }, { origin: "https://a.example" })).rejects.toThrow("not today");

    expect(seen).toEqual([["GET", "https://a.example", "t", "192.0.2.7"]]);
    expect(rig.store.countRows().sessions).toBe(0);
  });

  it("is refused with Forbidden when allowRequest has no words", async () => {
    const rig = new Rig(silent, { allowRequest: (_, callback) => callback(null, false) });

    await expect(rig.admit()).rejects.toThrow("Forbidden");
  });
});

describe("socket.handshake", () => {
  it("is what the client showed, with the largest headers left out beyond 8 KB", async () => {
    const seen: unknown[] = [];
    const rig = new Rig((io) => {
      io.on("connection", ({ handshake }) => seen.push(handshake));
    });
    const headers = { origin: "https://a.example", "x-forwarded-proto": "https", cookie: "x".repeat(9_000) };
    const client = await rig.open({ token: "t" }, headers);

    await client.send('40{"name":"Ann"}');

    expect(seen).toEqual([
      {
        headers: { origin: "https://a.example", "x-forwarded-proto": "https" },
        time: new Date(rig.clock.nowMs()).toString(),
        address: "192.0.2.7",
        xdomain: true,
        secure: true,
        issued: rig.clock.nowMs(),
        url: "/socket.io/?EIO=4&transport=websocket&token=t",
        query: { EIO: "4", transport: "websocket", token: "t" },
        auth: { name: "Ann" },
      },
    ]);
  });
});
