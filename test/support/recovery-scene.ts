import type { Server } from "../../lib/socketio/server.ts";
import { Rig, type Client, type RigOptions } from "./rig.ts";

export const MINUTE = 60_000;

export interface Told {
  readonly sid: string;
  readonly pid: string;
  /** Events that came before the answer to CONNECT, without their offsets. */
  readonly before: readonly unknown[][];
}

/** What the client was told when it connected. */
export async function join(client: Client, auth?: unknown, nsp = ""): Promise<Told> {
  void client.received;
  await client.send(`40${nsp}${auth === undefined ? "" : JSON.stringify(auth)}`);
  const told = toTold(client.received, nsp);
  if (told === undefined) throw new Error("expected the client to be let in");
  return told;
}

export function toTold(frames: readonly string[], nsp = ""): Told | undefined {
  const at = frames.findIndex((frame) => frame.startsWith(`40${nsp}{`));
  if (at === -1) return undefined;
  const { sid, pid } = JSON.parse(frames[at]!.slice(2 + nsp.length)) as Told;
  return { sid, pid, before: toEvents(frames.slice(0, at)) };
}

/** Events without their offsets. */
export const toEvents = (frames: readonly string[]): unknown[][] =>
  frames
    .filter((frame) => /^4[25]/.test(frame))
    .map((frame) => (JSON.parse(frame.slice(frame.indexOf("["))) as unknown[]).slice(0, -1));

export const offsetIn = (frame: string | undefined): string =>
  (JSON.parse((frame ?? "42[]").slice((frame ?? "42[]").indexOf("["))) as string[]).at(-1) ?? "";

/** A hall: `say` is heard by all in it, `tell` by the client itself. */
export function hall(io: Server): void {
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
export async function build(options: RigOptions = {}, app: (io: Server) => void = hall): Promise<Rig> {
  const rig = new Rig(app, { connectionStateRecovery: {}, instances: 2, ...options });
  rigs += 1;
  await rig.clock.advance(rigs * 4 * 60 * MINUTE);
  return rig;
}

export interface Scene {
  readonly rig: Rig;
  /** Whoever comes back. */
  readonly guest: Client;
  readonly speaker: Client;
  readonly first: Told;
  /** What the guest shows. */
  readonly auth: { readonly pid: string; readonly offset: string };
}

/** Two clients in the hall, one of which has heard `one`. */
export async function begin(options?: RigOptions, app?: (io: Server) => void): Promise<Scene> {
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

export async function comeBack({ rig }: Scene, auth: unknown): Promise<{ client: Client; told: Told }> {
  const client = await rig.open();
  return { client, told: await join(client, auth) };
}
