import { describe, expect, it } from "vitest";
import { toSid } from "../../lib/ids.ts";
import type { Server } from "../../lib/socketio/server.ts";
import { idIn } from "../support/asking.ts";
import { PollClient, request } from "../support/poll-client.ts";
import { Rig, type RigOptions } from "../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** A polling client whose POSTs are looked at, and somebody else on the same instance. */
async function build(options: RigOptions = {}) {
  const ran: unknown[] = [];
  const left: string[] = [];
  const answers: unknown[] = [];
  const rig = new Rig((io: Server) => {
    io.of("/other");
    io.on("connection", (socket) => {
      socket.on("x", (...args: unknown[]) => ran.push(args));
      socket.on("echo", (ack: Answer) => ack());
      socket.on("ask", async (count: number) => {
        const asking = Array.from({ length: count }, () => socket.timeout(5_000).emitWithAck("question"));
        answers.push(...(await Promise.all(asking)));
      });
      socket.on("disconnect", (reason) => left.push(`${socket.id} ${reason}`));
    });
  }, options);
  const bystander = await rig.connect();
  const client = await PollClient.open(rig);
  const id = await client.join();
  await rig.advance(10_000);
  /** Calls of the store while something happens, by name. */
  const during = async (act: () => Promise<unknown>): Promise<Record<string, number>> => {
    const { calls } = rig.instances[0]!.life;
    const before = calls.length;
    await act();
    const counted: Record<string, number> = {};
    for (const call of calls.slice(before)) counted[call] = (counted[call] ?? 0) + 1;
    return counted;
  };
  const expectOthersUnharmed = async () => {
    await bystander.send('421["echo"]');
    expect(bystander.received.at(-1)).toBe("431[]");
    expect(bystander.isClosed).toBe(false);
    const ended = rig.mailbox.sent.flatMap((letter) => (letter.kind === "closed" ? [letter.sid] : []));
    expect(new Set(ended)).toEqual(new Set([client.sid]));
  };
  return { rig, client, id, ran, left, answers, during, expectOthersUnharmed };
}

const repeat = (frame: string, times: number): string =>
  Array.from({ length: times }, () => frame).join("\x1e");

describe("packets in a POST", () => {
  it.each([
    ["events", '42["x"]'],
    ["packets that no client has any business sending", "6"],
    ["pongs", "3"],
  ])(
    "one more than the limit of %s: 413, none of them runs, and their session ends, alone",
    async (_, frame) => {
      const { rig, client, id, ran, left, expectOthersUnharmed } = await build({ maxPacketsPerPayload: 100 });

      const refused = await client.post(repeat(frame, 101));
      await rig.settle();

      expect(refused.status).toBe(413);
      expect(ran).toEqual([]);
      expect(left).toEqual([`${id} transport error`]);
      expect(rig.logged("core.too_many_packets")).toMatchObject([{ level: "info", limit: 100 }]);
      await expectOthersUnharmed();
    },
  );

  it("up to the limit, all run", async () => {
    const { client, ran } = await build({ maxPacketsPerPayload: 100 });

    await client.send(repeat('42["x"]', 100));

    expect(ran).toHaveLength(100);
  });

  it("are twenty thousand at most by default", async () => {
    const { rig, client } = await build();

    const most = await client.post(repeat('42["x"]', 20_000));
    const letters = rig.mailbox.left.flatMap((letter) =>
      letter.kind === "payload" ? [letter.texts.length] : [],
    );
    const more = await client.post(repeat('42["x"]', 20_001));

    expect([most.status, more.status]).toEqual([200, 413]);
    expect(letters.reduce((sum, packets) => sum + packets, 0)).toBe(20_000);
  });

  it("that are in a letter already when the limit becomes smaller end their session as well", async () => {
    const { rig, client, id, ran, left, expectOthersUnharmed } = await build({ maxPacketsPerPayload: 2 });

    await rig.mailbox.send({
      kind: "payload",
      sid: client.sid,
      atMs: rig.clock.nowMs(),
      texts: ['42["x"]', '42["x"]', '42["x"]'],
      lane: "main",
    });
    await rig.settle();

    expect(ran).toEqual([]);
    expect(left).toEqual([`${id} transport error`]);
    expect(rig.logged("core.too_many_packets")).toHaveLength(1);
    await expectOthersUnharmed();
  });

  it("of a session that is over cost one read, however many they are", async () => {
    const { rig, client, during } = await build();
    await rig.store.severSession(client.sid);

    const calls = await during(() => client.send(repeat('42["x"]', 1_000)));

    expect(calls["store.loadSession"]).toBe(1);
  });
});

describe("pongs", () => {
  it("of one POST are one sign of life", async () => {
    const { rig, client, during } = await build();

    const calls = await during(() => client.send(repeat("3", 10_000)));

    expect(calls).toEqual({ "store.readOutbox": 1, "mailbox.send": 1, "store.recordPong": 1 });
    expect(await rig.store.getBeat(client.sid, 240_000)).toMatchObject({ lastPongAtMs: rig.clock.nowMs() });
  });

  it("that lie behind each other in one batch are one write, the last one's", async () => {
    const { rig, during } = await build();
    const client = await rig.connect();
    const pong = (atMs: number) =>
      rig.mailbox.send({
        kind: "frame",
        sid: client.sid,
        connectionId: client.connectionId,
        atMs,
        text: "3",
      });
    const now = rig.clock.nowMs();
    for (const atMs of [now, now + 1, now + 2]) await pong(atMs);

    const calls = await during(() => rig.settle());

    expect(calls).toEqual({ "store.recordPong": 1 });
    expect(await rig.store.getBeat(client.sid, 240_000)).toMatchObject({ lastPongAtMs: now + 2 });
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that are pings of Socket.IO 2 with data are one sign of life a POST, and answered once", async () => {
    const { rig, during } = await build({ allowEIO3: true });
    const opened = (await request(rig, { query: { EIO: "3" } })).body.toString();
    const client = new PollClient(rig, toSid(/"sid":"([^"]{20})"/.exec(opened)![1]!));
    await rig.settle();
    await client.fetch();

    const calls = await during(async () => {
      await client.post(Array.from({ length: 50 }, (_, n) => `3:2${10 + n}`).join(""));
      await rig.settle();
    });

    expect(calls["store.recordPong"]).toBe(1);
    expect(await client.fetch()).toBe("1:3");
  });
});

describe("acknowledgements in a POST", () => {
  it("that answer questions are all heard", async () => {
    const { client, answers, left } = await build();
    await client.send('42["ask",200]');
    const questions: string[] = [];
    while (questions.length < 200) questions.push(...(await client.fetch()).split("\x1e"));

    await client.send(questions.map((frame) => `43${idIn(frame)}["yes"]`).join("\x1e"));
    await client.send('42["x"]');

    expect(left).toEqual([]);
    expect(answers.length === 0 || answers.length === 200).toBe(true);
  });

  it.each([
    ["with any id", (n: number) => `43${n}[]`],
    ["with one id", () => "430[]"],
  ])("that nobody asked for end their session after ten, %s, on one look at it", async (_, toFrame) => {
    const { rig, client, id, left, during, expectOthersUnharmed } = await build();
    const body = Array.from({ length: 5_000 }, (__, n) => toFrame(n)).join("\x1e");
    await client.post(body);
    const batch = rig.mailbox.take()!;

    const calls = await during(() => rig.instances[0]!.inbox.receive(batch));
    rig.mailbox.finish(batch, []);
    await rig.settle();

    expect(calls["store.saveAnswer"]).toBe(11);
    expect(calls["store.loadSession"]).toBe(1);
    expect(left).toEqual([`${id} transport error`]);
    expect(rig.logged("core.unasked_acks")).toMatchObject([{ level: "info", limit: 10 }]);
    await expectOthersUnharmed();
  });

  it("with bytes that nobody asked for end their session after ten as well", async () => {
    const { rig, client, id, left, during, expectOthersUnharmed } = await build();

    const calls = await during(() =>
      client.send(repeat('461-0[{"_placeholder":true,"num":0}]\x1ebAQI=', 500)),
    );

    expect(calls["store.saveAnswer"]).toBe(11);
    expect(left).toEqual([`${id} transport error`]);
    expect(rig.logged("core.unasked_acks")).toHaveLength(1);
    await expectOthersUnharmed();
  });

  it("that are late, ten of them, are ignored", async () => {
    const { rig, client, left } = await build();

    await client.send(repeat("430[]", 10));

    expect(left).toEqual([]);
    expect(rig.logged("core.unasked_acks")).toEqual([]);
  });

  it("that came before a crash and are handed over again are not held against their client", async () => {
    const { rig, client, left } = await build();
    await client.send('42["ask",5]');
    await rig.advance(25);
    const questions = (await client.fetch()).split("\x1e");
    await client.post(questions.map((frame) => `43${idIn(frame)}[]`).join("\x1e"));
    const batch = rig.mailbox.take()!;
    await rig.instances[0]!.inbox.receive(batch);

    await rig.redeliver();

    expect(questions).toHaveLength(5);
    expect(left).toEqual([]);
  });

  it("over a WebSocket that nobody asked for are looked at once a batch", async () => {
    const { rig, during } = await build();
    const client = await rig.connect();

    const calls = await during(() => client.send(...Array.from({ length: 10 }, (_, n) => `43${n}[]`)));

    expect(calls).toEqual({ "store.saveAnswer": 10, "store.loadSession": 1 });
    expect(client.isClosed).toBe(false);
  });
});

describe("CONNECTs in a POST", () => {
  it("end their session after sixty", async () => {
    const { rig, client, id, left, during, expectOthersUnharmed } = await build();

    const calls = await during(() => client.send(repeat("40/other,\x1e41/other,", 5_000)));

    expect(calls["store.connectSocket"]).toBe(60);
    expect(left).toEqual([`${id} transport error`]);
    expect(rig.logged("core.too_many_connects")).toMatchObject([{ level: "info", limit: 60 }]);
    await expectOthersUnharmed();
  });

  it("that are refused count as well", async () => {
    const { rig, client, left } = await build();

    await client.send(repeat("40/unknown,", 61));

    expect(left).toHaveLength(1);
    expect(rig.logged("core.too_many_connects")).toHaveLength(1);
  });
});
