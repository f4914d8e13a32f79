import { admit } from "../../lib/engine/handshake/admission.ts";
import { laneOfFrame, type Letter } from "../../lib/engine/letter.ts";
import { poll } from "../../lib/engine/polling/polling.ts";
import { toConnectionId, type ConnectionId, type Sid, type SocketId } from "../../lib/ids.ts";
import type { Member } from "../../lib/state/records.ts";
import {
  appendOf,
  beatOf,
  handshakeOf,
  pollingSessionOf,
  probeOf,
  sidOf,
  socketIdOf,
} from "../state/fixtures.ts";
import { withBirth } from "./guest.ts";
import { writes, type Touch } from "./schedule.ts";
import type { ConnectionListener, Ticks, World } from "./world.ts";

export interface PollerOptions {
  readonly rooms?: readonly string[];
  /** What waits for it already. */
  readonly waiting?: readonly string[];
  /** True: the same, and it has heard `3probe`. Default false. */
  readonly probing?: boolean;
  /** True: its WebSocket is open, and has begun to take over. Default false. */
  readonly asking?: boolean;
  /** True: the time it had for that is up. Default false. */
  readonly overdue?: boolean;
  /** True: it takes itself to be on its WebSocket, has said `5` or is about to. Default false. */
  readonly upgraded?: boolean;
  /** How many GETs it makes by itself, one after the other, from the first on. Default 1. */
  readonly gets?: number;
  /** What it sends over its WebSocket behind `5`. */
  readonly afterwards?: readonly string[];
  /** How time passes in its GETs. Default: once at once, and then only when nothing else can happen. */
  readonly ticks?: Ticks;
}

/** How long a GET is held, for `WorldOptions.server`: it looks three times more, and gives way to a probe the last time. */
export const POLL_HOLD_MS = 150;
/** The same: it looks twice more, and its time is up before it gives way to a probe. */
export const SHORT_POLL_HOLD_MS = 60;

/**
 * A client that polls, and moves to a WebSocket as the stock client does: it says `5` when it has heard `3probe` and no
 * GET of its own is on its way. Each of its requests is a process, whose last step is that the client has the answer.
 */
export class Poller {
  /** Messages in the order in which they came, over either transport. */
  readonly heard: string[] = [];
  /** What GETs and POSTs were answered with: the status, where it was an error, or the payload. */
  readonly answers: string[] = [];
  readonly connectionId = toConnectionId("ws1");
  /** Whether the client takes itself to be connected. */
  state: "polling" | "upgraded" | "ended" = "polling";
  readonly sid: Sid;
  readonly socketId: SocketId;
  readonly member: Member;
  readonly #world: World;
  readonly #options: PollerOptions;
  readonly #touch: Touch;
  #probed = false;
  #parked = 0;
  #gets = 0;
  #posts = 0;
  #atMs: number;

  constructor(world: World, member: Member, options: PollerOptions) {
    this.#world = world;
    this.#options = options;
    this.sid = member.sid;
    this.socketId = member.socketId;
    this.member = member;
    this.#touch = writes("client", member.sid);
    this.#atMs = world.nowMs;
    this.#probed = options.probing ?? false;
    if (options.upgraded) this.state = "upgraded";
    world.connect(this.connectionId).open = this.#probed || (options.asking ?? false);
    world.connections.get(this.connectionId)!.listener = this.#listener(this.connectionId);
  }

  /** Whether its WebSocket is open. */
  get online(): boolean {
    return this.#world.connections.get(this.connectionId)?.open ?? false;
  }

  frame(text: string, connectionId = this.connectionId): Letter {
    return { kind: "frame", sid: this.sid, connectionId, atMs: (this.#atMs += 1), text };
  }

  payload(...texts: readonly string[]): Letter {
    const lane = laneOfFrame(texts[0] ?? "");
    return { kind: "payload", sid: this.sid, atMs: (this.#atMs += 1), texts, lane };
  }

  closed(connectionId?: ConnectionId): Letter {
    const { sid } = this;
    const atMs = (this.#atMs += 1);
    return {
      kind: "closed",
      sid,
      ...(connectionId ? { connectionId } : {}),
      atMs,
      reason: "transport close",
    };
  }

  /** Sends a GET; more follow, one after each answer, as many as the options say. */
  get(): void {
    this.#gets += 1;
    this.#parked += 1;
    const process = `GET ${this.#gets}`;
    this.#request(process, "GET", "", (answer) => {
      this.#parked -= 1;
      this.#read(answer);
      if (this.state === "polling" && !this.#probed && this.#gets < (this.#options.gets ?? 1)) this.get();
      this.#upgrade();
    });
  }

  post(body: string, onAnswer: () => void = () => undefined): void {
    this.#posts += 1;
    this.#request(`POST ${this.#posts}`, "POST", body, onAnswer);
  }

  /** Opens a WebSocket for the session, and says `2probe` at once. */
  openWebSocket(connectionId = this.connectionId): void {
    const world = this.#world;
    const process = `opens ${connectionId}`;
    const connection = world.connections.get(connectionId) ?? world.connect(connectionId);
    connection.open = false;
    connection.listener = this.#listener(connectionId);
    const { runtime, io } = world.createInstance(process);
    world.schedule.run(process, async () => {
      const query = { EIO: "4", transport: "websocket", sid: this.sid };
      const arrival = { connectionId, headers: {}, query, address: "192.0.2.7", secure: true };
      const { admitted } = await admit(runtime, io.engine, arrival);
      if (!admitted) return;
      const opened: Letter = { kind: "opened", sid: this.sid, connectionId, atMs: (this.#atMs += 1) };
      const probe = this.frame("2probe", connectionId);
      const touches = [this.#touch, writes("gateway", connectionId), world.queue.touches(opened)];
      await world.schedule.step(process, "is let in, and says 2probe", touches, () => {
        connection.open = true;
        world.queue.append(opened);
        world.queue.append(probe);
      });
    });
  }

  /** The network takes its WebSocket away, and the gateway notices. */
  drop(connectionId = this.connectionId): void {
    const { schedule, connections } = this.#world;
    const process = `${connectionId} breaks`;
    schedule.run(process, async () => {
      await schedule.step(process, "breaks", [this.#touch, writes("gateway", connectionId)], () => {
        const connection = connections.get(connectionId);
        if (!connection?.open) return;
        connection.open = false;
        this.#onEnd(connectionId);
      });
    });
  }

  #request(process: string, method: string, body: string, onAnswer: (answer: string) => void): void {
    const world = this.#world;
    const { runtime, io } = world.createInstance(process, this.#options.ticks ?? { atOnce: 1, atAnyTime: 0 });
    world.schedule.run(process, async () => {
      const response = await poll(runtime, io.engine, {
        method,
        path: "/",
        query: { EIO: "4", transport: "polling", sid: this.sid },
        headers: {},
        body: Buffer.from(body),
        address: "192.0.2.7",
        secure: true,
      });
      await runtime.strays.settle();
      const answer = response.status === 200 ? String(response.body) : String(response.status);
      await world.schedule.step(process, `is answered ${answer}`, [this.#touch], () => {
        this.answers.push(answer);
        onAnswer(answer);
      });
    });
  }

  #read(answer: string): void {
    for (const frame of answer.split("\x1e")) {
      if (frame.startsWith("4") && frame !== "400") this.heard.push(frame);
      else if (frame !== "6") this.#end();
    }
  }

  /** A client that is told to go closes a WebSocket that it has not moved to yet. */
  #end(): void {
    if (this.state === "polling") this.#world.connections.get(this.connectionId)!.open = false;
    this.state = "ended";
  }

  #listener(connectionId: ConnectionId): ConnectionListener {
    return {
      touches: [this.#touch],
      onFrame: (frame) => {
        if (connectionId !== this.connectionId) return;
        if (frame.startsWith("4")) this.heard.push(frame);
        if (frame === "3probe") this.#probed = true;
        this.#upgrade();
      },
      onEnd: () => this.#onEnd(connectionId),
    };
  }

  #onEnd(connectionId: ConnectionId): void {
    if (connectionId === this.connectionId) {
      this.#probed = false;
      if (this.state === "upgraded") this.state = "ended";
    }
    this.#world.mail(`gateway reports ${connectionId}`, this.closed(connectionId));
  }

  #upgrade(): void {
    if (this.state !== "polling" || !this.#probed || this.#parked > 0) return;
    this.state = "upgraded";
    const texts = ["5", ...(this.#options.afterwards ?? [])];
    this.#world.mail(`${this.connectionId} upgrades`, ...texts.map((text) => this.frame(text)));
  }
}

/** Seats a client that is in the main namespace and polls, before the first step. */
export async function seatPoller(world: World, index: number, options: PollerOptions = {}): Promise<Poller> {
  const { own, members } = world.table;
  // Due to be reaped ten minutes from now.
  const openedMs = world.nowMs - 30_000;
  const sid = withBirth(sidOf(index, openedMs), true);
  const socketId = socketIdOf(index);
  const route = { kind: "out" } as const;
  const member: Member = { sid, socketId, route, protocol: 4 };
  world.table.sids.push(sid);
  const beat = beatOf(sid, { route, lastPongAtMs: openedMs });
  await own.createPollingSession(pollingSessionOf(sid), handshakeOf(), beat);
  const socket = { nsp: "/", socketId, connectedAtMs: openedMs, data: {}, spent: [] };
  const auth = { nsp: "/", socketId, auth: {} };
  const request = { sid, socket, auth, member, rooms: options.rooms ?? [] };
  await Promise.all([own.connectSocket(request), members.connectSocket(request)]);
  const poller = new Poller(world, member, options);
  const probedMs = options.overdue ? openedMs : world.nowMs;
  if (poller.online) await own.startProbe(probeOf(sid, poller.connectionId, probedMs));
  if (options.waiting) await own.appendOutbox(appendOf(sid, options.waiting));
  return poller;
}
