/**
 * A server and the clients of `socket.io-client`, with their default options but over a WebSocket at once, in one process
 * (`-- official` or `-- nonsticky`): what a test of an app costs. Does what its parent asks, and tells what it took.
 */
import { io, type Socket } from "socket.io-client";
import { serve } from "nonsticky/testing";
import { startOfficial } from "../../test/support/official-server.ts";
import { play } from "./app.ts";
import { io as nonsticky } from "./nonsticky-app.ts";
import type { Measured } from "./rounds.ts";

export interface Question {
  readonly operation: "echo" | "delivery";
  readonly durationMs: number;
}

const ECHOING = 50;
const LISTENERS = 200;
const SHOUTS_AT_ONCE = 8;
/** Before anything is measured: what V8 compiles meanwhile is not what an echo costs, and on a busy machine it takes seconds. */
const WARM_UP_ECHOES = 100;
const WARM_UP_SHOUTS = 100;

const server = process.argv[2] === "official" ? await startOfficial(play) : await serve(nonsticky);
process.on("message", ({ operation, durationMs }: Question) => {
  const answer = operation === "echo" ? measureEcho(durationMs) : measureDelivery(durationMs);
  void answer.then((measured) => process.send?.(measured));
});
process.once("disconnect", () => process.exit(0));
process.send?.([server.url]);

async function measureEcho(durationMs: number): Promise<Measured> {
  const sockets = await connectMany(ECHOING);
  const warmUp = async (socket: Socket) => {
    for (let echo = 0; echo < WARM_UP_ECHOES; echo += 1) await socket.emitWithAck("echo", echo);
  };
  await Promise.all(sockets.map(warmUp));
  const measured = await measure(durationMs, async (untilMs) => {
    let echoes = 0;
    const echoOn = async (socket: Socket) => {
      for (; performance.now() < untilMs; echoes += 1) await socket.emitWithAck("echo", echoes);
    };
    await Promise.all(sockets.map(echoOn));
    return echoes;
  });
  for (const socket of sockets) socket.disconnect();
  return measured;
}

async function measureDelivery(durationMs: number): Promise<Measured> {
  const sockets = await connectMany(LISTENERS);
  const room = `room ${Math.random()}`;
  await Promise.all(sockets.map((socket) => socket.emitWithAck("enter", room)));
  const [speaker] = sockets as [Socket];
  /** Resolves with the number of deliveries, none of them still under way. */
  const shoutWhile = (goesOn: (shouts: number) => boolean): Promise<number> => {
    let deliveries = 0;
    let shouts = 0;
    const shout = () => speaker.emit("shout", room, shouts++);
    return new Promise<number>((resolve) => {
      const onTold = () => {
        deliveries += 1;
        if (!goesOn(shouts) && deliveries === shouts * LISTENERS) {
          for (const socket of sockets) socket.off("told", onTold);
          resolve(deliveries);
        } else if (goesOn(shouts) && deliveries % LISTENERS === 0) shout();
      };
      for (const socket of sockets) socket.on("told", onTold);
      for (let n = 0; n < SHOUTS_AT_ONCE; n += 1) shout();
    });
  };
  await shoutWhile((shouts) => shouts < WARM_UP_SHOUTS);
  const measured = await measure(durationMs, (untilMs) => shoutWhile(() => performance.now() < untilMs));
  for (const socket of sockets) socket.disconnect();
  return measured;
}

async function measure(durationMs: number, work: (untilMs: number) => Promise<number>): Promise<Measured> {
  const before = { cpu: process.cpuUsage(), atMs: performance.now() };
  const done = await work(before.atMs + durationMs);
  const { user, system } = process.cpuUsage(before.cpu);
  return { rate: (done * 1000) / (performance.now() - before.atMs), cpuUs: (user + system) / done };
}

async function connectMany(count: number): Promise<readonly Socket[]> {
  const sockets = Array.from({ length: count }, () =>
    io(server.url, { transports: ["websocket"], forceNew: true, reconnection: false }),
  );
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.once("connect", resolve))));
  return sockets;
}
