import { Turn } from "../engine/turn.ts";
import type { Sid } from "../ids.ts";
import { PacketFrames } from "../protocol/dialect.ts";
import { MAX_POST_BYTES } from "../protocol/limits.ts";
import type { PacketPorts } from "../socketio/packets/packet-ports.ts";
import { socketsOf } from "../socketio/replay/session-sockets.ts";
import { deliver } from "../socketio/rooms/deliver.ts";
import { fromRoomName } from "../socketio/rooms/room-name.ts";
import type { Observed, Observer } from "../socketio/rooms/observer.ts";
import type { Member } from "../state/records.ts";
import type { ResolvedOptions } from "./instrument-options.ts";
import { Rate } from "./rate.ts";
import { WATCH_ROOM } from "./serialized-socket.ts";
import { countClients, listSockets, type Places } from "./server-stats.ts";
import { toTold, type Told } from "./told.ts";
import { Totals } from "./totals.ts";
import type { ServerStats } from "./page-events.ts";
import { Watchers } from "./watchers.ts";

/** Of one instance, to each of those who look: what is more is not told. */
const TOLD_PER_SECOND = 50;
const TOLD_AT_ONCE = 100;
/** Between two counts of this instance, and where somebody has come or gone since. */
const STATS_EVERY_MS = 5_000;
const STATS_AFTER_CHANGE_MS = 1_000;
/** For how long the heartbeat's process goes on counting, once it has found that somebody looks. */
const TICKING_MS = 50_000;
/** Of all sockets in one packet; the others follow one by one. */
const MAX_LIST_BYTES = 100_000;
const MAX_REMEMBERED_ENDS = 1_000;

/**
 * Tells those who look what happens, out of the turns that it happens in, which are not over before that is posted. An app
 * never fails because of it: what cannot be told is logged.
 */
export class Reporter implements Observer {
  readonly #ports: PacketPorts;
  readonly #options: ResolvedOptions;
  readonly #places: () => Omit<Places, "ended">;
  readonly #watchers: Watchers;
  readonly #totals = new Totals();
  readonly #rate = new Rate(TOLD_PER_SECOND, TOLD_AT_ONCE);
  readonly #ended = new Set<Sid>();
  readonly #queue: PacketFrames[] = [];
  #draining: Promise<void> | undefined;
  #statsAtMs = -Infinity;
  #hasChanged = false;
  /** Some was not told that the page's lists need. */
  #hasHoles = false;
  #minutes = 0;

  constructor(ports: PacketPorts, options: ResolvedOptions, places: () => Omit<Places, "ended">) {
    this.#ports = ports;
    this.#options = options;
    this.#places = places;
    this.#watchers = new Watchers(options.namespaceName);
  }

  get isWatched(): boolean {
    return this.#watchers.isWatched;
  }

  get mayBeWatched(): boolean {
    return !this.#watchers.isUnwatched(this.#ports.runtime.clock.nowMs());
  }

  observe(turn: Turn, what: Observed): void {
    const { runtime } = this.#ports;
    const nowMs = runtime.clock.nowMs();
    if (this.#isOfWatchers(what)) this.#watchers.forget();
    if (this.#watchers.isUnwatched(nowMs)) return this.#totals.clear();
    runtime.outbound.onSend ??= (frames) => this.#countSent(frames);
    this.#count(what, nowMs);
    if (this.#options.isVerbose && !isInWatchRoom(what)) this.#push(what, nowMs);
    const drained = (this.#draining ??= this.#drain());
    if (turn.ended) runtime.strays.watch(drained);
    else turn.track(drained);
  }

  /** Resolves, never rejects, when all that was observed so far has been told. */
  async told(): Promise<void> {
    await this.#draining;
  }

  /** Counts, for as long as somebody looks, in the process of the heartbeat; and once all sockets, to put right what was missed. */
  async onMinute(): Promise<void> {
    const minute = (this.#minutes += 1);
    const { clock, logger } = this.#ports.runtime;
    try {
      const untilMs = clock.nowMs() + TICKING_MS;
      for (let isFirst = true; this.#minutes === minute && clock.nowMs() < untilMs; isFirst = false) {
        const members = await this.#watchers.read(this.#ports.runtime);
        if (members.length === 0) return;
        await this.#sendStats(members);
        if (isFirst) await this.sendSockets(members);
        await clock.sleep(STATS_EVERY_MS);
      }
    } catch (error) {
      logger.warn("those who look at the deployment could not be told how it is", { error });
    }
  }

  /** The state of everything, to one who has come. */
  async welcome(member: Member): Promise<void> {
    await this.told();
    await this.sendSockets([member]);
    await this.#sendStats([member]);
  }

  /** Every socket, in as few packets as hold them. */
  async sendSockets(members: readonly Member[]): Promise<void> {
    if (!this.#options.isVerbose) return;
    const { runtime } = this.#ports;
    const listed = await listSockets(runtime, this.#everywhere());
    let bytes = 0;
    const isFirst = ({ socket }: (typeof listed)[number]) =>
      (bytes += Buffer.byteLength(JSON.stringify(socket))) < MAX_LIST_BYTES;
    const end = listed.findIndex((one) => !isFirst(one));
    const count = end === -1 ? listed.length : end;
    const others = listed.slice(count).map(({ socket, connectedAtMs }): Told => {
      const at = new Date(connectedAtMs);
      return { event: "socket_connected", args: [socket, at], short: [{ ...socket, data: {} }, at] };
    });
    const first: Told = { event: "all_sockets", args: [listed.slice(0, count).map(({ socket }) => socket)] };
    await this.#send(members, this.#encode([first, ...others]));
  }

  /** Begins in a microtask, so that what happens in one go is told in one. */
  async #drain(): Promise<void> {
    const { runtime } = this.#ports;
    try {
      await Promise.resolve();
      const members = await this.#watchers.read(runtime);
      this.#draining = undefined;
      const packets = this.#queue.splice(0);
      if (members.length === 0) return;
      await this.#send(members, packets);
      const sinceMs = runtime.clock.nowMs() - this.#statsAtMs;
      if (sinceMs >= (this.#hasChanged ? STATS_AFTER_CHANGE_MS : STATS_EVERY_MS))
        await this.#sendStats(members);
    } catch (error) {
      this.#draining = undefined;
      this.#queue.splice(0);
      runtime.logger.warn("those who look at the deployment could not be told what has happened", { error });
    }
  }

  async #sendStats(members: readonly Member[]): Promise<void> {
    const { runtime } = this.#ports;
    this.#statsAtMs = runtime.clock.nowMs();
    this.#hasChanged = false;
    const aggregatedEvents = this.#totals.take();
    const counts = await countClients(runtime, this.#everywhere());
    const stats: ServerStats = {
      serverId: this.#options.serverId,
      hostname: null,
      pid: null,
      uptime: null,
      ...counts,
      aggregatedEvents,
    };
    await this.#send(members, this.#encode([{ event: "server_stats", args: [stats] }]));
    if (!this.#hasHoles) return;
    this.#hasHoles = false;
    await this.sendSockets(members);
  }

  async #send(members: readonly Member[], packets: readonly PacketFrames[]): Promise<void> {
    const { runtime } = this.#ports;
    const { namespaceName } = this.#options;
    // Not the app's: `io.flush` counts what that has sent.
    const turn = new Turn("admin", runtime.strays);
    const sent = packets.flatMap((frames) =>
      members.map((member) => {
        // Of a WebSocket: one that is throttled is not tried again. A polling page takes what waits for it.
        const isVolatile = member.route.kind === "connection";
        return deliver(runtime, turn, namespaceName, { member, room: WATCH_ROOM }, frames, isVolatile);
      }),
    );
    const outcomes = await Promise.all(sent);
    if (outcomes.includes("dropped")) this.#hasHoles = true;
    if (outcomes.includes("gone")) this.#watchers.forget();
  }

  #push(what: Observed, nowMs: number): void {
    for (const packet of this.#encode(toTold(what, this.#options.namespaceName, new Date(nowMs)))) {
      if (this.#rate.take(nowMs)) this.#queue.push(packet);
      else if (what.kind !== "received" && what.kind !== "sent") this.#hasHoles = true;
    }
  }

  /** At once: the app may change what it has a moment later. */
  #encode(told: readonly Told[]): PacketFrames[] {
    return told.flatMap(({ event, args, short }) => {
      const whole = this.#toFrames(event, args);
      if (fits(whole)) return [whole];
      const less = short && this.#toFrames(event, short);
      return less && fits(less) ? [less] : [];
    });
  }

  #toFrames(event: string, args: readonly unknown[]): PacketFrames {
    const { codec, recovery } = this.#ports;
    // With recovery, clients take a text at the end of an event for its offset, and these have none.
    const values = recovery === undefined ? args : [...args, null];
    return new PacketFrames(
      codec.encode({ type: "event", nsp: this.#options.namespaceName, args: [event, ...values] }),
    );
  }

  #everywhere(): Places {
    return { ...this.#places(), ended: this.#ended };
  }

  #isOfWatchers(what: Observed): boolean {
    if (what.kind === "connected") return what.state.nsp === this.#options.namespaceName;
    return what.kind === "disconnected" && what.nsp === this.#options.namespaceName;
  }

  #count(what: Observed, nowMs: number): void {
    if (["connected", "disconnected", "upgraded"].includes(what.kind)) this.#hasChanged = true;
    if (what.kind === "connected" && socketsOf(what.session).size === 1)
      this.#totals.add(nowMs, "rawConnection");
    if (what.kind === "message") {
      this.#totals.add(nowMs, "packetsIn");
      this.#totals.add(nowMs, "bytesIn", { count: what.bytes });
    }
    if (what.kind !== "closed") return;
    this.#totals.add(nowMs, "rawDisconnection", { subType: what.reason });
    this.#ended.add(what.sid);
    const [oldest] = this.#ended;
    if (oldest !== undefined && this.#ended.size > MAX_REMEMBERED_ENDS) this.#ended.delete(oldest);
  }

  #countSent(frames: readonly string[]): void {
    const nowMs = this.#ports.runtime.clock.nowMs();
    for (const frame of frames) {
      const bytes = bytesOf(frame);
      if (bytes === undefined) continue;
      this.#totals.add(nowMs, "packetsOut");
      this.#totals.add(nowMs, "bytesOut", { count: bytes });
    }
  }
}

const isInWatchRoom = (what: Observed): boolean =>
  (what.kind === "joined" || what.kind === "left") && fromRoomName(what.room) === WATCH_ROOM;

const fits = (packet: PacketFrames): boolean =>
  packet.in(3).every((frame) => Buffer.byteLength(frame) <= MAX_POST_BYTES);

/** Of a message without the character that says so, bytes as bytes; undefined: no message. */
function bytesOf(frame: string): number | undefined {
  if (frame.startsWith("4")) return Buffer.byteLength(frame) - 1;
  return frame.startsWith("b") ? Math.floor(((frame.length - 1) * 3) / 4) : undefined;
}
