import { describe, expect, it } from "vitest";
import { Rig, type Client } from "../../support/rig.ts";

const build = (isOrdered = true, instances = 1) =>
  new Rig(
    (io) => {
      io.on("connection", (socket) => {
        socket.on("echo", (...args: unknown[]) => socket.emit("echo", ...args));
        socket.onAny((event, ...args) => {
          if (event !== "echo") socket.emit("any", event, args.length);
        });
      });
      io.of("/other");
    },
    { isOrdered, instances },
  );

const endOf = async (rig: Rig, client: Client) => {
  const session = (await rig.store.loadSession(client.sid, { handshake: false }))!.session;
  return [session.phase, session.closeReason];
};

describe("a frame that breaks the rules", () => {
  it.each([
    ["2probe", "transport error"],
    ["abc", "parse error"],
    ["7", "parse error"],
    ["", "parse error"],
    ["4", "forced close"],
    ["4abc", "forced close"],
    ["42", "stays"],
    ["42[]", "forced close"],
    ["42[null]", "forced close"],
    ["42{}", "forced close"],
    ['42["disconnect"]', "forced close"],
    ["421 2[]", "forced close"],
    ["44", "forced close"],
    ["45[", "forced close"],
    ['4511-["x"]', "forced close"],
    ["bAQID", "forced close"],
    ['42/other,["x"]', "forced close"],
    ['42/unknown,["x"]', "forced close"],
    ["41/other,", "forced close"],
  ])("%j ends the session with %j", async (frame, reason) => {
    const rig = build();
    const client = await rig.connect();

    await client.send(frame, '42["echo",1]');

    if (reason === "stays") {
      expect(client.received).toEqual(['42["any","undefined",0]', '42["echo",1]']);
      return;
    }
    expect(await endOf(rig, client)).toEqual(["closed", reason]);
    expect(client.received).toEqual([]);
    expect(client.isClosed).toBe(true);
  });

  it.each(["0", "1", "3", "3probe", "5", "6", '430["nobody asked"]'])("%j is ignored", async (frame) => {
    const rig = build();
    const client = await rig.connect();

    await client.send(frame);
    await client.send('42["echo",1]');

    expect(client.received).toEqual(['42["echo",1]']);
  });

  it.each([
    ["2", "transport error"],
    ["43[1", "forced close"],
  ])("%j ends the session with %j, though in the lane of answers", async (frame, reason) => {
    const rig = build();
    const client = await rig.connect();

    await client.send(frame);

    expect(await endOf(rig, client)).toEqual(["closed", reason]);
    expect(client.isClosed).toBe(true);
  });

  it("over maxHttpBufferSize ends the session", async () => {
    const rig = new Rig(() => undefined, { maxHttpBufferSize: 100 });
    const client = await rig.connect();

    await client.send(`42["${"é".repeat(50)}"]`);

    expect(await endOf(rig, client)).toEqual(["closed", "transport error"]);
  });

  it("before CONNECT ends the session", async () => {
    const rig = build();
    const client = await rig.open();

    await client.send('42["echo",1]');

    expect(await endOf(rig, client)).toEqual(["closed", "forced close"]);
  });
});

describe("a binary packet", () => {
  const header = '452-["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]';
  const echoed = [
    '452-["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    "bAg==",
    "bAQ==",
  ];

  it("is put together from the frames of one batch", async () => {
    const rig = build();
    const client = await rig.connect();

    await client.send(header, "bAQ==", "bAg==", '42["echo",3]');

    expect(client.received).toEqual([...echoed, '42["echo",3]']);
    expect(rig.store.countRows().pendings).toBe(0);
  });

  it("is put together across batches and instances", async () => {
    const rig = build(true, 2);
    const client = await rig.connect();

    await client.send(header);
    const afterHeader = rig.store.countRows().pendings;
    await client.send("bAQ==");
    await client.send("bAg==");

    expect(afterHeader).toBe(1);
    expect(client.received).toEqual(echoed);
    expect(rig.store.countRows().pendings).toBe(0);
  });

  it.each([
    ["text in between", ["bAQ==", '42["echo",1]']],
    ["one attachment too many", ["bAQ==", "bAg==", "bAw=="]],
  ])("with %s ends the session", async (_, frames) => {
    const rig = build(true, 2);
    const client = await rig.connect();

    for (const frame of [header, ...frames]) await client.send(frame);

    expect(await endOf(rig, client)).toEqual(["closed", "forced close"]);
  });

  it("is refused without the order of the mailbox, with a log line that says why", async () => {
    const rig = build(false);
    const client = await rig.connect();

    await client.send(header);

    expect(await endOf(rig, client)).toEqual(["closed", "forced close"]);
    expect(rig.logged("core.binary_without_order")).toHaveLength(1);
  });

  it("whose header could not be stored is not acknowledged to the mailbox", async () => {
    const rig = build();
    const client = await rig.connect();
    const { life } = rig.instances[0]!;
    life.failsAt = life.calls.length + 2;

    await client.send(header);

    expect(life.calls.at(-1)).toBe("store.savePending");
    expect(rig.mailbox.left).toHaveLength(1);
    expect(rig.logged("core.stray_effect")).toEqual([]);
  });
});
