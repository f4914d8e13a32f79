import { describe, expect, it } from "vitest";
import { createEngine, type BareEngineOptions } from "../../lib/engine/engine.ts";
import { PollClient, request } from "../support/poll-client.ts";
import { createGate, Rig } from "../support/rig.ts";

/** An engine app that writes down what it hears, and greets. */
function greeting(own: Partial<BareEngineOptions> = {}, instances = 1) {
  const heard: string[] = [];
  const rig = new Rig(
    createEngine({
      onConnection: (session) => {
        heard.push(`connection ${session.id}`);
        session.send("welcome");
      },
      onMessage: (session, data) => {
        heard.push(`message ${data.toString()}`);
        session.send(data);
      },
      onClose: (session, reason) => heard.push(`close ${session.id} ${reason}`),
      ...own,
    }),
    { instances },
  );
  return { rig, heard };
}

describe("a new session of an engine app", () => {
  it("is greeted over WebSocket, behind OPEN", async () => {
    const { rig, heard } = greeting();

    const client = await rig.open();

    expect(client.received).toEqual([expect.stringMatching(/^0\{"sid"/), "4welcome"]);
    expect(heard).toEqual([`connection ${client.sid}`]);
  });

  it("is greeted by the first GET of polling", async () => {
    const { rig, heard } = greeting({}, 2);

    const client = await PollClient.open(rig);

    expect(await client.fetch()).toBe("4welcome");
    expect(heard).toEqual([`connection ${client.sid}`]);
  });

  it("is announced once, also when it goes on over a WebSocket", async () => {
    const { rig, heard } = greeting({}, 2);
    const client = await PollClient.open(rig);

    const socket = await client.upgrade();
    await socket.send("4hello");

    expect(socket.received).toEqual(["4hello"]);
    expect(heard).toEqual([`connection ${client.sid}`, "message hello"]);
  });

  it.each(["websocket", "polling"])(
    "over %s waits with its messages until it was announced",
    async (over) => {
      const heard: string[] = [];
      const gate = createGate();
      const { rig } = greeting({
        onConnection: async () => {
          await gate.passed;
          heard.push("connection");
        },
        onMessage: (_, data) => heard.push(data.toString()),
      });
      const client = over === "polling" ? await PollClient.open(rig) : await rig.open();
      await client.send("4early");
      const early = [...heard];

      gate.open();
      await rig.settle();

      expect(early).toEqual([]);
      expect(heard).toEqual(["connection", "early"]);
    },
  );

  it("may be closed at once", async () => {
    const { rig, heard } = greeting({ onConnection: (session) => session.close() });

    const client = await rig.open();

    expect(client.isClosed).toBe(true);
    expect(heard).toEqual([`close ${client.sid} forced close`]);
  });

  it.each(["websocket", "polling"])("over %s is announced again after a crash meanwhile", async (over) => {
    const { rig, heard } = greeting();
    const { life } = rig.instances[0]!;
    life.onCall = (name) => {
      if (heard.length === 1 && name !== "store.openBeat") life.endsAfter ??= life.calls.length;
    };
    const { sid } = over === "polling" ? await PollClient.open(rig) : await rig.open();
    rig.replace(0);

    await rig.redeliver();

    expect(heard).toEqual([`connection ${sid}`, `connection ${sid}`]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that is gone before OPEN reaches it is closed without having been announced", async () => {
    const { rig, heard } = greeting();
    const client = await rig.admit();
    rig.transport.drop(client.connectionId);

    await rig.settle();
    await rig.advance(5_100);

    expect(heard).toEqual([`close ${client.sid} transport close`]);
  });

  it("cannot be announced by a client", async () => {
    const { rig, heard } = greeting();
    const client = await PollClient.open(rig);
    const forged = JSON.stringify({ kind: "born", sid: client.sid, atMs: 1 });

    await client.send(`4${forged}`);
    const { body } = await client.post(forged);

    expect(body.toString()).toBe("ok");
    await rig.settle();
    expect(heard).toEqual([
      `connection ${client.sid}`,
      `message ${forged}`,
      `close ${client.sid} parse error`,
    ]);
  });

  it("costs an app that does not ask no letter and no read", async () => {
    const counted = async (app: BareEngineOptions) => {
      const rig = new Rig(createEngine(app));
      await PollClient.open(rig);
      await rig.open();
      return rig.instances[0]!.life.calls;
    };
    const onMessage = () => undefined;

    const without = await counted({ onMessage });
    const asking = await counted({ onMessage, onConnection: () => undefined });

    expect(without.filter((call) => call.startsWith("mailbox.") || call === "store.loadSession")).toEqual([]);
    expect(asking.filter((call) => call === "mailbox.send")).toHaveLength(1);
    expect(asking.filter((call) => call === "store.loadSession")).toHaveLength(2);
  });
});

describe("an answer to a polling client of an engine app", () => {
  it("has the headers that the app gives it, the first one those of both hooks", async () => {
    const { rig } = greeting({
      onInitialHeaders: (headers, { query }) => (headers["x-first"] = query["token"] ?? ""),
      onHeaders: (headers, { method }) => (headers["X-Every"] = method),
    });

    const first = await request(rig, { query: { token: "t" } });
    await rig.settle();
    const sid = /"sid":"([^"]+)"/.exec(first.body.toString())![1]!;
    const posted = await request(rig, { query: { sid }, body: "4hello" });

    expect(first.headers).toMatchObject({ "x-first": "t", "x-every": "GET" });
    expect(posted.headers).toMatchObject({ "x-every": "POST" });
    expect(posted.headers).not.toHaveProperty("x-first");
  });

  it("that refuses it is heard of, and has no headers of the app", async () => {
    const refused: unknown[] = [];
    const { rig } = greeting({
      onHeaders: (headers) => (headers["x-every"] = "yes"),
      onConnectionError: ({ code, message, req }) => refused.push([code, message, req.query["transport"]]),
    });

    const { status, headers } = await request(rig, { query: { transport: "abc" } });

    expect(status).toBe(400);
    expect(headers).not.toHaveProperty("x-every");
    expect(refused).toEqual([[0, "Transport unknown", "abc"]]);
  });
});
