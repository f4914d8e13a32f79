import { createHash, randomUUID, timingSafeEqual } from "node:crypto";
import { described } from "./described.ts";
import { rejectUnknownOptions } from "./engine/engine-options.ts";
import type { Server, Socket } from "./socketio/server.ts";
import type { DefaultEventsMap, EventsMap } from "./socketio/replay/typed-events.ts";
import type { Timer } from "./socketio/timers/timer.ts";
import { ConfigError, NonstickyError } from "./errors.ts";

export interface VerificationOptions {
  /** Who knows it may connect. At least 16 characters. Default: the environment's `NONSTICKY_VERIFY_TOKEN`. */
  readonly token?: string | undefined;
}

/** The namespace that `nonsticky verify` talks to. */
export const verificationNamespace = "/nonsticky-verify";
const timerName = "nonsticky-verify";

const LEAST_TOKEN_LENGTH = 16;
const MAX_HOLD_MS = 15_000;
const MAX_BLOCK_MS = 3_000;
const MAX_FRAMES = 1_000;
const MIN_TIMER_MS = 1_000;
const MAX_TIMER_MS = 60_000;
const MAX_POST_BYTES = 131_072;
const ANSWER_WAIT_MS = 8_000;
/** Names this process in its answers: every instance of Lambda may have the same pid. */
const instance = randomUUID();

type Ack = (...args: unknown[]) => void;

interface Arrivals {
  readonly next: number;
  readonly received: number;
  readonly inversions: number;
}

/** Whom a timer of the verification tells that it rings. */
interface Told {
  readonly to: string;
  readonly number: number;
}

type Client = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, { arrivals?: Arrivals }>;
type AnyServer = Server<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, { arrivals?: Arrivals }>;

/**
 * Adds the namespace that `nonsticky verify` needs on a deployed stack, for those who know the token. Without a token
 * it adds nothing, and answers false: then the namespace does not exist. Whoever comes with another token hears
 * `Invalid namespace`, as anywhere else that does not exist.
 *
 * Its handlers answer, wait and send to the client that asks, within bounds. They read and change nothing else; timers that
 * they set are of a name of their own, `nonsticky-verify`.
 *
 * Throws `config.bad_option` for a token that is too short to be a secret, and `core.timer_name_taken` where the app has
 * timers of that name.
 *
 * @example
 * export const io = new Server();
 * installVerification(io);
 */
export function installVerification<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  SocketData,
>(io: Server<Listen, Emit, ServerSide, SocketData>, options: VerificationOptions = {}): boolean {
  rejectUnknownOptions("installVerification", options, ["token"]);
  const token = options.token ?? process.env["NONSTICKY_VERIFY_TOKEN"] ?? "";
  if (token === "") return false;
  if (typeof token !== "string" || token.length < LEAST_TOKEN_LENGTH) {
    const got = typeof token === "string" ? token.length : described(token);
    throw new ConfigError(
      "config.bad_option",
      `expected the token of the verification to have at least ${LEAST_TOKEN_LENGTH} characters, got ${got}`,
    );
  }
  const server = io as unknown as AnyServer;
  const nsp = server.of(verificationNamespace);
  const digest = digestOf(token);
  nsp.use((socket, next) => {
    const { token: given, run } = socket.handshake.auth;
    const isKnown = typeof given === "string" && timingSafeEqual(digestOf(given), digest);
    if (!isKnown || typeof run !== "string" || !/^[\w-]{8,64}$/.test(run)) {
      return next(new Error("Invalid namespace"));
    }
    next();
  });
  const timer = server.timer<Told>(timerName, ({ to, number }) => nsp.to(to).emit("rang", number));
  nsp.on("connection", (socket) => {
    const run = `run:${String(socket.handshake.auth["run"])}`;
    answerQuestions(socket);
    socket.on("watch", async (ack: Ack) => {
      await socket.join(run);
      ack();
    });
    keepBusy(socket, server);
    sendOnRequest(socket, server);
    setTimers(socket, timer);
    socket.on("disconnect", (reason) => nsp.to(run).emit("left", socket.id, reason));
  });
  return true;
}

function answerQuestions(socket: Client): void {
  socket.on("about", (ack: Ack) =>
    ack({ instance, sid: socket.conn.id, ordering: process.env["NONSTICKY_ORDERING"] ?? "fifo" }),
  );
  socket.on("echo", (value: unknown, ack: Ack) => ack(value));
  // Where a client's frames were when their handlers began: kept in the socket's data, which no instance forgets.
  socket.on("count", (number: number) => {
    const { next, received, inversions } = arrivalsOf(socket);
    socket.data.arrivals = {
      next: Math.max(next, number + 1),
      received: received + 1,
      inversions: inversions + (number < next ? 1 : 0),
    } satisfies Arrivals;
  });
  socket.on("counted", (ack: Ack) => ack(arrivalsOf(socket)));
}

function keepBusy(socket: Client, io: AnyServer): void {
  socket.on("hold", async (ms: number, ack?: Ack) => {
    socket.emit("holding", { instance });
    await new Promise((resolve) => setTimeout(resolve, within(ms, MAX_HOLD_MS)));
    ack?.({ instance });
  });
  // Waits for its client, who answers when the handler below keeps the main lane.
  socket.on("ask", async (ack: Ack) => {
    const startedAt = performance.now();
    const answer: unknown = await socket
      .timeout(ANSWER_WAIT_MS)
      .emitWithAck("question")
      .catch(() => undefined);
    ack({ answer, ms: performance.now() - startedAt });
  });
  // Gives nothing else a chance to run here, so that its message cannot be released: its lane is busy.
  socket.on("block", async (ms: number, ack: Ack) => {
    socket.emit("blocking");
    await io.flush();
    const until = performance.now() + within(ms, MAX_BLOCK_MS);
    while (performance.now() < until);
    ack({ instance });
  });
}

function sendOnRequest(socket: Client, io: AnyServer): void {
  socket.on("burst", (frames: number) => {
    for (let number = 0; number < within(frames, MAX_FRAMES); number += 1) socket.emit("burst", number);
  });
  socket.on("post", async (posts: number, ack: Ack) => {
    const tookMs: number[] = [];
    for (let number = 0; number < within(posts, MAX_FRAMES); number += 1) {
      const startedAt = performance.now();
      socket.emit("posted", number);
      await io.flush();
      tookMs.push(Math.round((performance.now() - startedAt) * 10) / 10);
    }
    ack(tookMs);
  });
  socket.on("large", (bytes: number) => socket.emit("large", "x".repeat(within(bytes, MAX_POST_BYTES))));
  socket.on("bytes", () => socket.emit("bytes", Buffer.of(0, 255, 128, 10), "ü€😀"));
  socket.on("bye", () => {
    socket.emit("last words");
    socket.disconnect(true);
  });
}

/** They end by themselves: each rings once, for nobody where its client has gone. */
function setTimers(socket: Client, timer: Timer<Told>): void {
  socket.on("arm", async (wanted: number, ms: number, ack: Ack) => {
    const number = within(wanted, MAX_FRAMES);
    const inMs = Math.max(MIN_TIMER_MS, within(ms, MAX_TIMER_MS));
    try {
      await timer.set(`${socket.id}.${number}`, { in: inMs }, { to: socket.id, number });
      ack({});
    } catch (error) {
      const code = error instanceof NonstickyError ? error.code : "";
      if (!withoutTimers.includes(code)) throw error;
      ack({ refused: code });
    }
  });
}

/** What a stage without the queue of timers says. */
const withoutTimers: readonly string[] = ["core.timers_off", "core.timers_unordered"];

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();

const arrivalsOf = (socket: Client): Arrivals =>
  socket.data.arrivals ?? { next: 0, received: 0, inversions: 0 };

/** What a client asks for, as a whole number from 0 to `most`. */
const within = (wanted: unknown, most: number): number =>
  typeof wanted === "number" && Number.isFinite(wanted) ? Math.floor(Math.min(Math.max(wanted, 0), most)) : 0;
