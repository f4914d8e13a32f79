import { beforeEach, describe, expect, it } from "vitest";
import { MAX_MISSED_PACKETS } from "../../../lib/socketio/recovery/backlog.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import { firstOffset } from "../../../lib/ids.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig, type Client, type RigOptions } from "../../support/rig.ts";

const MINUTE = 60_000;

/** A client is in no room until it enters one; `say` speaks to a room, `shout` to everyone, `whisper` to nobody for long. */
function club(io: Server): void {
  io.use((socket, next) => {
    next(socket.handshake.auth["banned"] === true ? new Error("banned") : undefined);
  });
  io.on("connection", (socket) => {
    socket.on("enter", (room: string) => socket.join(room));
    socket.on("exit", (room: string) => socket.leave(room));
    socket.on("invite", (id: string, room: string) => io.in(id).socketsJoin(room));
    socket.on("say", (room: string, ...values: unknown[]) => io.to(room).emit("said", ...values));
    socket.on("shout", (text: string) => io.emit("said", text));
    socket.on("nudge", () => socket.emit("nudged"));
    socket.on("flash", (...values: unknown[]) => socket.volatile.emit("flashed", ...values));
    socket.on("many", (room: string, count: number, size = 1) => {
      for (let index = 0; index < count; index += 1) io.to(room).emit("said", "x".repeat(size));
    });
    socket.on("huge", (room: string) =>
      io.to(room).emit("said", ...Array.from({ length: 5 }, () => Buffer.alloc(90_000))),
    );
  });
}

interface Welcome {
  readonly sid: string;
  readonly pid: string;
}

const toWelcome = (frames: readonly string[]): Welcome => {
  const frame = frames.find((one) => one.startsWith("40{"));
  if (frame === undefined) throw new Error(`expected to be let in, got ${JSON.stringify(frames)}`);
  return JSON.parse(frame.slice(2)) as Welcome;
};

/** Texts of events that came before the answer to CONNECT. */
const toPast = (frames: readonly string[]): unknown[] =>
  frames
    .slice(
      0,
      frames.findIndex((frame) => frame.startsWith("40{")),
    )
    .filter((frame) => frame.startsWith("42"))
    .map((frame) => (JSON.parse(frame.slice(2)) as unknown[])[1]);

const lastOffset = (client: Client): string =>
  (JSON.parse(client.received.findLast((frame) => frame.startsWith("42"))?.slice(2) ?? "[]") as string[]).at(
    -1,
  ) ?? "";

let rigs = 0;

interface Scene {
  readonly rig: Rig;
  readonly guest: Client;
  readonly speaker: Client;
  readonly welcome: Welcome;
}

async function begin(options: RigOptions = {}): Promise<Scene> {
  const rig = new Rig(club, { connectionStateRecovery: {}, instances: 2, ...options });
  // Offsets of one process never step back.
  rigs += 1;
  await rig.clock.advance(rigs * 4 * 60 * MINUTE);
  const speaker = await rig.connect();
  await rig.advance(1_000);
  await speaker.send('42["say","hall","before"]', '42["shout","before all"]', '42["nudge"]');
  await rig.advance(1_000);
  const guest = await rig.open();
  await guest.send("40");
  const welcome = toWelcome(guest.received);
  await rig.advance(1_000);
  return { rig, guest, speaker, welcome };
}

/** Comes back with its own private id, and shows `offset`. */
async function comeBack({ rig, welcome: { pid } }: Scene, offset: string, more: object = {}) {
  const client = await rig.open();
  void client.received;
  await client.send(`40${JSON.stringify({ pid, offset, ...more })}`);
  const frames = client.received;
  return { client, frames };
}

describe("an offset that the client cannot have heard", () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await begin();
    const { guest, speaker, rig } = scene;
    await guest.send('42["enter","hall"]', '42["nudge"]');
    await rig.advance(1_000);
    await speaker.send('42["say","hall","heard"]');
    await rig.advance(1_000);
  });

  const forged = {
    "of no packet, from before it connected": ({ rig }: Scene) => createFor(rig.clock.nowMs() - 4_500),
    "of no packet, a moment ago": ({ rig }: Scene) => createFor(rig.clock.nowMs() - 500),
    "of no packet, of the beginning of time": () => createFor(0),
    "of no packet, in the future": ({ rig }: Scene) => createFor(rig.clock.nowMs() + MINUTE),
    "that others heard before it connected": ({ speaker }: Scene) => offsetOf(speaker, "before all"),
    "that others heard in a room which it was never in": async ({ speaker, rig }: Scene) => {
      await speaker.send('42["enter","attic"]', '42["say","attic","secret"]');
      await rig.advance(1_000);
      return offsetOf(speaker, "secret");
    },
  } satisfies Record<string, (scene: Scene) => string | Promise<string>>;

  it.each(Object.entries(forged))("%s is refused: the client begins anew", async (_, forge) => {
    const offset = await forge(scene);
    await scene.guest.leave();

    const { frames } = await comeBack(scene, offset);

    expect(toWelcome(frames).sid).not.toBe(scene.welcome.sid);
    expect(toPast(frames)).toEqual([]);
    expect(scene.rig.logged("core.recovery_refused")).toMatchObject([
      { level: "info", reason: "unknown offset" },
    ]);
  });

  it("does not spare it the middlewares", async () => {
    await scene.guest.leave();

    const { frames } = await comeBack(scene, createFor(scene.rig.clock.nowMs() - 500), { banned: true });

    expect(frames).toEqual(['44{"message":"banned"}']);
  });

  it("leaves its state to who shows the right one", async () => {
    await scene.guest.send('42["nudge"]');
    const offset = lastOffset(scene.guest);
    await scene.guest.leave();
    await comeBack(scene, createFor(0));

    const { frames } = await comeBack(scene, offset);

    expect(toWelcome(frames).sid).toBe(scene.welcome.sid);
  });
});

const createFor = (atMs: number): string => `${firstOffset(atMs)}0000-0badcafe`;

/** The offset under which a client has heard a text. */
const heard = new WeakMap<Client, string[]>();
function offsetOf(client: Client, text: string): string {
  const frames = [...(heard.get(client) ?? []), ...client.received];
  heard.set(client, frames);
  const frame = frames.find((one) => one.includes(`"${text}"`)) ?? "42[]";
  return (JSON.parse(frame.slice(2)) as string[]).at(-1) ?? "";
}

describe("a packet of before", () => {
  it("the socket joined its room is not sent again", async () => {
    const scene = await begin();
    const { rig, guest, speaker } = scene;
    await guest.send('42["nudge"]');
    const offset = lastOffset(guest);
    await rig.advance(1_000);
    await speaker.send('42["say","hall","not for it"]', '42["shout","for all"]');
    await rig.advance(1_000);
    await guest.send('42["enter","hall"]');
    await rig.advance(1_000);
    await speaker.send('42["say","hall","for it"]');
    await guest.leave();

    const { frames } = await comeBack(scene, offset);

    expect(toWelcome(frames).sid).toBe(scene.welcome.sid);
    expect(toPast(frames)).toEqual(["for all", "for it"]);
  });

  it("is not sent after further recoveries either", async () => {
    const scene = await begin();
    const { rig, guest, speaker } = scene;
    await guest.send('42["nudge"]');
    const offset = lastOffset(guest);
    await speaker.send('42["say","hall","not for it"]');
    await rig.advance(1_000);
    await guest.send('42["enter","hall"]');
    await rig.advance(1_000);
    await speaker.send('42["say","hall","for it"]');
    await guest.leave();
    const { client } = await comeBack(scene, offset);
    await client.leave();

    const { frames } = await comeBack(scene, offset);

    expect(toPast(frames)).toEqual(["for it"]);
  });

  it("the socket was put into its room from outside is not sent again, and what came behind it is", async () => {
    const scene = await begin();
    const { rig, guest, speaker } = scene;
    await guest.send('42["nudge"]');
    const offset = lastOffset(guest);
    await speaker.send('42["say","hall","not for it"]');
    await rig.advance(1_000);
    await speaker.send(`42["invite","${scene.welcome.sid}","hall"]`);
    await rig.advance(1_000);
    await speaker.send('42["say","hall","for it"]');
    await rig.advance(1_000);
    await speaker.send(`42["invite","${scene.welcome.sid}","hall"]`);
    await guest.leave();

    const { frames } = await comeBack(scene, offset);

    expect(toPast(frames)).toEqual(["for it"]);
  });

  it("the client was let in is not sent to one that shows no offset", async () => {
    const scene = await begin({ connectionStateRecovery: { withoutEvents: true } });
    const { rig, guest, speaker } = scene;
    await guest.send('42["enter","hall"]');
    await rig.advance(1_000);
    await speaker.send('42["say","hall","for it"]');
    await guest.leave();
    const client = await rig.open();

    await client.send(`40${JSON.stringify({ pid: scene.welcome.pid })}`);

    expect(toPast(client.received)).toEqual(["for it"]);
  });
});

describe("an offset that the client has heard", () => {
  it("counts also when it has left that room since", async () => {
    const scene = await begin();
    const { rig, guest, speaker } = scene;
    await guest.send('42["enter","hall"]');
    await speaker.send('42["say","hall","bye"]');
    const offset = lastOffset(guest);
    await guest.send('42["exit","hall"]', '42["enter","attic"]');
    await rig.advance(1_000);
    await speaker.send('42["say","hall","not for it"]', '42["say","attic","for it"]');
    await guest.leave();

    const first = await comeBack(scene, offset);
    await first.client.leave();
    const second = await comeBack(scene, offset);

    for (const { frames } of [first, second]) {
      expect(toWelcome(frames).sid).toBe(scene.welcome.sid);
      expect(toPast(frames)).toEqual(["for it"]);
    }
  });

  it("counts also when it is older than the log", async () => {
    const scene = await begin();
    await scene.guest.send('42["nudge"]', '42["enter","hall"]');
    const offset = lastOffset(scene.guest);
    await scene.rig.advance(60 * MINUTE);
    await scene.speaker.send('42["say","hall","for it"]');
    await scene.guest.leave();

    const { frames } = await comeBack(scene, offset);

    expect(toWelcome(frames).sid).toBe(scene.welcome.sid);
    expect(toPast(frames)).toEqual(["for it"]);
  });

  it.each([
    ["a text", '42["flash","a text"]', /^42\["flashed","a text",null\]$/],
    ["no value", '42["flash"]', /^42\["flashed",null\]$/],
    ["anything else", '42["flash",7]', /^42\["flashed",7\]$/],
  ])("is none of a volatile event with %s at its end", async (_, frame, expected) => {
    const scene = await begin();
    void scene.guest.received;

    await scene.guest.send(frame);

    expect(scene.guest.received).toEqual([expect.stringMatching(expected)]);
  });

  it("is that of a packet which was too large to be kept; who has missed it begins anew", async () => {
    const scene = await begin();
    const { rig, guest, speaker } = scene;
    await guest.send('42["enter","hall"]');
    await rig.advance(1_000);
    await speaker.send('42["say","hall","heard"]');
    const early = lastOffset(guest);
    await rig.advance(1_000);
    await speaker.send('42["huge","hall"]');
    const header = guest.received.find((frame) => frame.startsWith("455-"))!;
    const late = (JSON.parse(header.slice(4)) as string[]).at(-1)!;
    await rig.advance(1_000);
    await guest.leave();

    const missed = await comeBack(scene, early);
    const had = await comeBack(scene, late);

    expect(toWelcome(missed.frames).sid).not.toBe(scene.welcome.sid);
    expect(toWelcome(had.frames).sid).toBe(scene.welcome.sid);
  });
});

describe("what one CONNECT may cause", () => {
  async function missing(count: number, size = 1): Promise<readonly string[]> {
    const scene = await begin();
    const { rig, guest, speaker } = scene;
    await guest.send('42["enter","hall"]', '42["nudge"]');
    const offset = lastOffset(guest);
    await rig.advance(1_000);
    await guest.leave();
    await speaker.send(`42["many","hall",${count},${size}]`);
    await rig.advance(1_000);
    const { frames } = await comeBack(scene, offset);
    return toWelcome(frames).sid === scene.welcome.sid ? frames : [];
  }

  it(`is ${MAX_MISSED_PACKETS} packets, and a client that has missed more begins anew`, async () => {
    expect(await missing(MAX_MISSED_PACKETS)).toHaveLength(MAX_MISSED_PACKETS + 1);
    expect(await missing(MAX_MISSED_PACKETS + 1)).toEqual([]);
  });

  it("is 1 MB, and a client that has missed more begins anew", async () => {
    expect(await missing(10, 100_000)).toHaveLength(11);
    expect(await missing(11, 100_000)).toEqual([]);
  });

  it.each([
    [1, true],
    [3, false],
  ])("over polling leaves its outbox with room: %i packets of 100 KB", async (count, isRecovered) => {
    const scene = await begin();
    const { rig, guest, speaker, welcome } = scene;
    await guest.send('42["enter","hall"]', '42["nudge"]');
    const offset = lastOffset(guest);
    await rig.advance(1_000);
    await guest.leave();
    await speaker.send(`42["many","hall",${count},100000]`);
    await rig.advance(1_000);
    const client = await PollClient.open(rig);

    await client.send(`40${JSON.stringify({ pid: welcome.pid, offset })}`);

    const frames = (await client.fetch()).split("\x1e");
    expect(toWelcome(frames).sid === welcome.sid).toBe(isRecovered);
    expect(toPast(frames)).toHaveLength(isRecovered ? count : 0);
  });
});
