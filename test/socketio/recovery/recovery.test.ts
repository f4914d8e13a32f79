import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { createOffset } from "../../../lib/ids.ts";
import { Rig, type Client, type RigOptions } from "../../support/rig.ts";

const MINUTE = 60_000;

interface Told {
  readonly sid: string;
  readonly pid: string;
  /** Events that came before the answer to CONNECT, without their offsets. */
  readonly before: readonly unknown[][];
}

/** What the client was told when it connected. */
async function join(client: Client, auth?: unknown, nsp = ""): Promise<Told> {
  void client.received;
  await client.send(`40${nsp}${auth === undefined ? "" : JSON.stringify(auth)}`);
  const told = toTold(client.received, nsp);
  if (told === undefined) throw new Error("expected the client to be let in");
  return told;
}

function toTold(frames: readonly string[], nsp = ""): Told | undefined {
  const at = frames.findIndex((frame) => frame.startsWith(`40${nsp}{`));
  if (at === -1) return undefined;
  const { sid, pid } = JSON.parse(frames[at]!.slice(2 + nsp.length)) as Told;
  return { sid, pid, before: toEvents(frames.slice(0, at)) };
}

/** Events without their offsets. */
const toEvents = (frames: readonly string[]): unknown[][] =>
  frames
    .filter((frame) => /^4[25]/.test(frame))
    .map((frame) => (JSON.parse(frame.slice(frame.indexOf("["))) as unknown[]).slice(0, -1));

const offsetIn = (frame: string | undefined): string =>
  (JSON.parse((frame ?? "42[]").slice((frame ?? "42[]").indexOf("["))) as string[]).at(-1) ?? "";

/** A hall: `say` is heard by all in it, `tell` by the client itself. */
function hall(io: Server): void {
  io.on("connection", (socket) => {
    if (!socket.recovered) void socket.join("hall");
    socket.on("name", (name: string) => (socket.data = { name }));
    socket.on("say", (text: string) => io.to("hall").emit("said", text));
    socket.on("others", (text: string) => socket.to("hall").emit("said", text));
    socket.on("all but", (room: string, text: string) => io.except(room).emit("said", text));
    socket.on("union", (text: string) => io.to(["hall", "annexe"]).emit("said", text));
    socket.on("enter", (room: string) => socket.join(room));
    socket.on("whisper", (text: string) => io.to("hall").volatile.emit("said", text));
    socket.on("bytes", (bytes: Buffer) => io.to("hall").emit("said", bytes));
    socket.on("tell", (text: string) => socket.emit("told", text));
    socket.on("who", () => socket.emit("you", [...socket.rooms].length, socket.data, socket.recovered));
    socket.on("kick", () => socket.disconnect());
  });
}

let rigs = 0;

/** Each at a time of its own: offsets of one process never step back. */
async function build(options: RigOptions = {}, app: (io: Server) => void = hall): Promise<Rig> {
  const rig = new Rig(app, { connectionStateRecovery: {}, instances: 2, ...options });
  rigs += 1;
  await rig.clock.advance(rigs * 4 * 60 * MINUTE);
  return rig;
}

interface Scene {
  readonly rig: Rig;
  /** Whoever comes back. */
  readonly guest: Client;
  readonly speaker: Client;
  readonly first: Told;
  /** What the guest shows. */
  readonly auth: { readonly pid: string; readonly offset: string };
}

/** Two clients in the hall, one of which has heard `one`. */
async function begin(options?: RigOptions, app?: (io: Server) => void): Promise<Scene> {
  const rig = await build(options, app);
  const [guest, speaker] = [await rig.open(), await rig.open()];
  const first = await join(guest);
  await join(speaker);
  await rig.advance(1_000);
  await speaker.send('42["say","one"]');
  const auth = { pid: first.pid, offset: offsetIn(guest.received.at(-1)) };
  // The clocks of instances may differ: what was done a moment before counts as under way.
  await rig.advance(1_000);
  return { rig, guest, speaker, first, auth };
}

async function comeBack({ rig }: Scene, auth: unknown): Promise<{ client: Client; told: Told }> {
  const client = await rig.open();
  return { client, told: await join(client, auth) };
}

describe("connection state recovery", () => {
  it("gives back id, rooms, data and what was missed, in order", async () => {
    const scene = await begin();
    const { guest, speaker, first, auth } = scene;
    await guest.send('42["name","ann"]');
    await guest.leave();
    await speaker.send('42["say","two"]', '42["say","three"]');

    const { client, told } = await comeBack(scene, auth);
    await client.send('42["who"]');
    await speaker.send('42["say","four"]');

    expect(told).toEqual({
      sid: first.sid,
      pid: first.pid,
      before: [
        ["said", "two"],
        ["said", "three"],
      ],
    });
    expect(toEvents(client.received)).toEqual([
      ["you", 2, { name: "ann" }, true],
      ["said", "four"],
    ]);
  });

  it("gives back what the client lets go a second time", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.speaker.send('42["say","two"]');
    const again = await comeBack(scene, scene.auth);
    await again.client.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });

  it.each([
    ["an unknown pid", { pid: "A".repeat(20), offset: createOffset(0) }],
    ["a malformed pid", { pid: 7, offset: createOffset(0) }],
    ["a malformed offset", { offset: "yesterday" }],
    ["no offset", { offset: undefined }],
  ])("begins anew with %s", async (_, shown) => {
    const scene = await begin();
    await scene.guest.leave();

    const { told } = await comeBack(scene, { ...scene.auth, ...shown });

    expect(told.sid).not.toBe(scene.first.sid);
    expect(told.before).toEqual([]);
  });

  it.each([
    ["the client has left", async ({ guest }: Scene) => guest.send("41")],
    ["the server has sent it away", async ({ guest }: Scene) => guest.send('42["kick"]')],
    [
      "it was away too long",
      async ({ rig, guest }: Scene) => {
        await guest.leave();
        await rig.advance(2 * MINUTE + 1);
      },
    ],
  ])("begins anew when %s", async (_, end) => {
    const scene = await begin();
    await end(scene);
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("begins anew when a recovered client has left", async () => {
    const scene = await begin();
    await scene.guest.leave();
    const { client } = await comeBack(scene, scene.auth);
    await client.send("41");
    await client.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("begins anew in another namespace", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.of("/other").on("connection", () => undefined);
    });
    await scene.guest.leave();
    const client = await scene.rig.open();

    const told = await join(client, scene.auth, "/other,");

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("works at the age limit of a connection", async () => {
    const scene = await begin();
    await scene.rig.advance(120 * MINUTE - 10_000);
    await scene.speaker.send('42["say","two"]');
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });

  it("gives two namespaces of one connection back, one after the other", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.of("/other").on("connection", (socket) => {
        if (!socket.recovered) void socket.join("nook");
        socket.on("where", () => socket.emit("here", [...socket.rooms].length));
      });
    });
    const other = await join(scene.guest, undefined, "/other,");
    await scene.guest.send('42/other,["where"]');
    const offset = offsetIn(scene.guest.received.at(-1));
    await scene.guest.leave();
    const client = await scene.rig.open();

    const told = [await join(client, scene.auth), await join(client, { pid: other.pid, offset }, "/other,")];

    expect(told.map(({ sid }) => sid)).toEqual([scene.first.sid, other.sid]);
  });
});

describe("a client that comes back before its old session has ended", () => {
  it("takes its state over, after the old one's disconnect handlers", async () => {
    const order: string[] = [];
    const scene = await begin({}, (io) => {
      hall(io);
      io.on("connection", (socket) => {
        order.push(`connection ${socket.recovered}`);
        socket.on("disconnect", (reason) => order.push(`disconnect ${reason}`));
      });
    });
    order.length = 0;

    const client = await scene.rig.open();
    await client.send(`40${JSON.stringify(scene.auth)}`);
    await scene.rig.advance(25);
    await scene.rig.advance(1);

    expect(toTold(client.received)?.sid).toBe(scene.first.sid);
    expect(order.filter((line) => line !== "connection true")).toEqual(["disconnect transport close"]);
    expect(order.at(-1)).toBe("connection true");
    expect(scene.guest.isClosed).toBe(true);
  });

  it("begins anew when that takes more than twenty seconds", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.on("connection", (socket) => {
        socket.on("disconnect", () => new Promise((resolve) => setTimeout(resolve, 1 << 30).unref()));
      });
    });

    const client = await scene.rig.open();
    await client.send(`40${JSON.stringify(scene.auth)}`);
    await scene.rig.advance(21_000);

    expect(toTold(client.received)?.sid).not.toBe(scene.first.sid);
    expect(scene.rig.logged("core.recovery_too_early")).toMatchObject([{ waitedMs: 20_000 }]);
  });

  it("is alone with its state when it comes twice at once", async () => {
    const scene = await begin();
    await scene.guest.leave();
    const both = [await scene.rig.open(), await scene.rig.open()];
    for (const client of both) {
      void client.received;
      client.write(`40${JSON.stringify(scene.auth)}`);
    }
    await scene.rig.settle();
    await scene.rig.advance(21_000);

    const ids = both.map((client) => toTold(client.received)?.sid);

    expect(ids.filter((sid) => sid === scene.first.sid)).toHaveLength(1);
  });
});

describe("a crash while a client's state is restored", () => {
  it("at any call leaves it to be restored again, with everything", async () => {
    let crashes = 0;
    for (let step = 1; ; step += 1) {
      const scene = await begin({ instances: 1 });
      const { rig, guest, speaker } = scene;
      await guest.leave();
      await speaker.send('42["say","two"]', '42["say","three"]');
      const failed = await rig.open();
      const { life } = rig.instances[0]!;
      life.endsAfter = life.calls.length + step;
      await failed.send(`40${JSON.stringify(scene.auth)}`);
      const isOver = life.calls.length >= life.endsAfter;
      life.endsAfter = isOver ? life.endsAfter : undefined;
      // It comes back at the moment when its letter does, whose second delivery closes that session.
      if (isOver) rig.replace(0);
      const early = await rig.open();
      early.write(`40${JSON.stringify(scene.auth)}`);
      await rig.redeliver();
      for (let tick = 0; tick < 40; tick += 1) await rig.advance(25);
      await speaker.send('42["say","four"]');

      const told = toTold(early.received.filter((frame) => !frame.includes("four")));
      expect(told, `after call ${step}, ${life.calls.at(-1)}`).toEqual({
        sid: scene.first.sid,
        pid: scene.first.pid,
        before: [
          ["said", "two"],
          ["said", "three"],
        ],
      });
      if (!isOver) break;
      crashes += 1;
    }
    expect(crashes).toBeGreaterThan(8);
  });

  it("twice in a row still leaves it to be restored", async () => {
    const scene = await begin({ instances: 1 });
    const { rig } = scene;
    await scene.guest.leave();
    await scene.speaker.send('42["say","two"]');
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const client = await rig.open();
      const { life } = rig.instances[0]!;
      let moves = 0;
      life.onCall = (call) => {
        if (call === "store.movePid" && moves++ === attempt) life.endsAfter = life.calls.length;
      };
      await client.send(`40${JSON.stringify(scene.auth)}`);
      expect(life.calls.at(-1)).toBe("store.movePid");
      rig.replace(0);
      await rig.redeliver();
      await rig.advance(1_000);
    }

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });
});

describe("what a client is sent again", () => {
  it.each([
    ["an event to several of its rooms, once", '42["union","two"]', ['42["said","two",']],
    ["an event of somebody else to the room", '42["others","two"]', ['42["said","two",']],
    ["an event from which others are left out", '42["all but","attic","two"]', ['42["said","two",']],
    ["nothing that left out one of its rooms", '42["all but","hall","two"]', []],
    ["nothing volatile", '42["whisper","two"]', []],
  ])("is %s", async (_, frame, expected) => {
    const scene = await begin();
    await scene.guest.send('42["enter","annexe"]');
    await scene.guest.leave();
    await scene.speaker.send(frame);

    const client = await scene.rig.open();
    void client.received;
    await client.send(`40${JSON.stringify(scene.auth)}`);

    const replayed = client.received.slice(0, -1);
    expect(replayed).toHaveLength(expected.length);
    for (const [index, start] of expected.entries()) expect(replayed[index]).toMatch(start);
  });

  it("is nothing that it has sent itself to others, though a handler of before still runs", async () => {
    const scene = await begin();
    scene.guest.write('42["others","mine"]');
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.before).toEqual([]);
  });

  it("is a packet with attachments, under its own offset", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.speaker.send('451-["bytes",{"_placeholder":true,"num":0}]', "bAQID");

    const client = await scene.rig.open();
    void client.received;
    await client.send(`40${JSON.stringify(scene.auth)}`);

    const [header, attachment] = client.received;
    expect(header).toMatch(
      /^451-\["said",\{"_placeholder":true,"num":0\},"[0-9a-z]{9}-[0-9a-z]{4}-[0-9a-f]{8}"\]$/,
    );
    expect(attachment).toBe("bAQID");
  });

  it("is an event that was under way when its last one began, and none that was done", async () => {
    const rig = await build({ instances: 3 });
    const guest = await rig.open();
    const [slow, quick, late] = [await rig.open(), await rig.open(), await rig.open()];
    const first = await join(guest);
    for (const client of [slow, quick, late]) await join(client);
    await quick.send('42["say","done"]');
    await rig.advance(1_000);
    // Its instance crashes behind the last post: nobody knows whether that was made.
    for (const { life } of rig.instances) {
      let posts = 0;
      life.onCall = (call) => {
        if (call === "transport.post" && (posts += 1) === 4) life.endsAfter = life.calls.length;
      };
    }
    await slow.send('42["say","under way"]');
    for (const [index, { life }] of rig.instances.entries()) {
      delete life.onCall;
      if (life.endsAfter !== undefined) rig.replace(index);
    }
    await rig.advance(1_000);
    await late.send('42["say","last"]');
    const heard = guest.received;
    await rig.advance(1_000);
    await guest.leave();

    const again = await rig.open();
    const told = await join(again, { pid: first.pid, offset: offsetIn(heard.at(-1)) });

    expect(toEvents(heard).map(([, text]) => text)).toEqual(["done", "under way", "last"]);
    expect(told.before).toEqual([["said", "under way"]]);
  });

  it("is not kept when it is too large, which is logged", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.on("connection", (socket) => {
        socket.on("parts", () => io.emit("said", ...Array.from({ length: 5 }, () => Buffer.alloc(90_000))));
      });
    });

    await scene.speaker.send('42["parts"]');

    expect(scene.rig.logged("core.unlogged_packet")).toHaveLength(1);
  });

  it("is written down for nobody of protocol 3 alone", async () => {
    const rig = await build({ allowEIO3: true, instances: 1 });
    const client = await rig.open({ EIO: "3" });
    const { life } = rig.instances[0]!;

    await client.send('42["tell","hello"]');

    expect(client.received.at(-1)).toMatch(/^42\["told","hello"/);
    expect(life.calls).not.toContain("store.appendLog");
  });
});

describe("middlewares and recovery", () => {
  const guarded = (io: Server): void => {
    hall(io);
    io.use((socket, next) => {
      socket.emit("asked");
      next(socket.handshake.auth["banned"] === true ? new Error("banned") : undefined);
    });
  };

  it("are left out for a client that is recovered", async () => {
    const scene = await begin({}, guarded);
    await scene.guest.leave();

    const { told } = await comeBack(scene, { ...scene.auth, banned: true });

    expect(told).toMatchObject({ sid: scene.first.sid, before: [] });
  });

  it("run when they are not to be skipped, and what they send comes once", async () => {
    const scene = await begin({ connectionStateRecovery: { skipMiddlewares: false } }, guarded);
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["asked"]] });
  });

  it("may refuse, and the client may ask again on the same connection", async () => {
    const scene = await begin({ connectionStateRecovery: { skipMiddlewares: false } }, guarded);
    await scene.guest.leave();
    const client = await scene.rig.open();
    await client.send(`40${JSON.stringify({ ...scene.auth, banned: true })}`);
    expect(client.received.at(-1)).toBe('44{"message":"banned"}');

    const told = await join(client, scene.auth);

    expect(told.sid).toBe(scene.first.sid);
  });
});

/** A stock client that a middleware refuses closes its connection, if that was its only namespace, and opens another. */
describe("a client that a middleware refused while it came back, on its next connection", () => {
  const refusing = { connectionStateRecovery: { skipMiddlewares: false } };
  const guarded = (io: Server): void => {
    hall(io);
    io.use((socket, next) => {
      next(socket.handshake.auth["banned"] === true ? new Error("banned") : undefined);
    });
  };

  async function refuse(): Promise<{ scene: Scene; refused: Client }> {
    const scene = await begin(refusing, guarded);
    await scene.guest.leave();
    await scene.speaker.send('42["say","two"]');
    const refused = await scene.rig.open();
    await refused.send(`40${JSON.stringify({ ...scene.auth, banned: true })}`);
    expect(refused.received.at(-1)).toBe('44{"message":"banned"}');
    return { scene, refused };
  }

  it.each([
    ["the end of the one before is known", true],
    ["nobody has heard of the end of the one before", false],
  ])("has its state back when %s", async (_, isKnown) => {
    const { scene, refused } = await refuse();
    if (isKnown) await refused.leave();
    const client = await scene.rig.open();

    client.write(`40${JSON.stringify(scene.auth)}`);
    await scene.rig.settle();
    for (let tick = 0; tick < 10; tick += 1) await scene.rig.advance(100);

    expect(toTold(client.received)).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });

  it("begins anew where no instance ends the one before for twenty seconds, and the log says so", async () => {
    const { scene, refused } = await refuse();
    const { rig } = scene;
    const client = await rig.open();
    // An instance has a packet of the refused session for longer than that, so its close waits in the queue: until it is
    // over nobody knows whether that session is about to be given the state.
    refused.write('42["who"]');
    expect(rig.mailbox.take()).toHaveLength(1);

    client.write(`40${JSON.stringify(scene.auth)}`);
    await rig.settle();
    await rig.advance(21_000);

    expect(toTold(client.received)?.sid).not.toBe(scene.first.sid);
    expect(rig.logged("core.recovery_too_early")).toMatchObject([{ waitedMs: 20_000 }]);
  });
});

describe("a client that shows no offset", () => {
  const options: RigOptions = { connectionStateRecovery: { withoutEvents: true } };

  async function come(): Promise<Scene> {
    const rig = await build(options);
    const [guest, speaker] = [await rig.open(), await rig.open()];
    const first = await join(guest);
    await join(speaker);
    await rig.advance(1_000);
    return { rig, guest, speaker, first, auth: { pid: first.pid, offset: "" } };
  }

  it("is sent all since it connected, if the option says so", async () => {
    const scene = await come();
    await scene.guest.leave();
    await scene.speaker.send('42["say","one"]');

    const { told } = await comeBack(scene, { pid: scene.first.pid });

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "one"]] });
  });

  it("is sent it again when it has not heard of its recovery", async () => {
    const scene = await come();
    await scene.guest.leave();
    await scene.speaker.send('42["say","one"]');
    const { client } = await comeBack(scene, { pid: scene.first.pid });
    await scene.rig.advance(1_000);
    await client.leave();

    const { told } = await comeBack(scene, { pid: scene.first.pid });

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "one"]] });
  });
});

describe("the time for which a client may be away", () => {
  it("counts from its first loss when it never hears of its recoveries", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.rig.advance(MINUTE);
    const { client } = await comeBack(scene, scene.auth);
    await client.leave();
    await scene.rig.advance(MINUTE + 1);

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("counts anew when it has heard an event meanwhile", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.rig.advance(MINUTE);
    const { client } = await comeBack(scene, scene.auth);
    await scene.speaker.send('42["say","two"]');
    const offset = offsetIn(client.received.at(-1));
    await client.leave();
    await scene.rig.advance(MINUTE + 1);

    const { told } = await comeBack(scene, { ...scene.auth, offset });

    expect(told.sid).toBe(scene.first.sid);
  });

  it("counts anew when its last connection lasted", async () => {
    const scene = await begin();
    await scene.guest.leave();
    const { client } = await comeBack(scene, scene.auth);
    await scene.rig.advance(10 * MINUTE);
    await client.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).toBe(scene.first.sid);
  });
});
