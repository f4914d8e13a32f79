import { Turn, type Tally } from "../../lib/engine/turn.ts";
import { toConnectionId, toSid } from "../../lib/ids.ts";
import { Server } from "../../lib/socketio/server.ts";
import { assumed } from "./assumed.ts";
import { createMembers, createRoomStore } from "./large-room.ts";
import { Bucket, Platform, type Usage } from "./platform.ts";
import { createSeeded, drawMs } from "./seeded.ts";
import { VirtualTime } from "./virtual-time.ts";

export interface BroadcastOptions {
  readonly seed: number;
  /** Members of each room, which is emitted to at the same moment, by a handler of its own. */
  readonly rooms: readonly number[];
  /** Ordinary packets a second: a frame comes in, and a post answers it. Before the broadcast, and during it. */
  readonly ordinary?: number;
  /** The account's quota, where it is another one, of which the bucket holds half. */
  readonly quota?: number;
}

export interface BroadcastRun {
  /** By room, how long after the emit each member got it, in milliseconds. */
  readonly delivered: readonly (readonly number[])[];
  readonly tallies: readonly Readonly<Tally>[];
  readonly usage: Usage;
  /** How long ordinary packets took before and during it, in milliseconds; and frames that the gateway refused. */
  readonly idle: readonly number[];
  readonly during: readonly number[];
  readonly refusedFrames: number;
  /** The most read units that a partition gave in a second, and requests that it threw back. */
  readonly hottest: number;
  readonly throttled: number;
}

const IDLE_MS = 5_000;
const HANDLER_MS = { p50: 18, p99: 60 };

/** Plays broadcasts by the real server, planner, pace and outbound on a simulated platform, in virtual time. */
export async function playBroadcasts(options: BroadcastOptions): Promise<BroadcastRun> {
  const random = createSeeded(options.seed);
  const time = new VirtualTime();
  const usage: Usage = { posts: 0, refused: 0, invocations: 0, gbSeconds: 0, readUnits: 0, writeUnits: 0 };
  const delivered = options.rooms.map((): number[] => []);
  const rooms = new Map(
    options.rooms.map((count, index) => [
      `room ${index}`,
      createMembers(random, count, time.nowMs()).map((member) => ({
        ...member,
        route: { kind: "connection" as const, connectionId: toConnectionId(`${index}:${member.sid}`) },
      })),
    ]),
  );
  const store = createRoomStore(time, random, rooms, usage);
  const { quota = assumed.quota } = options;
  const bucket = new Bucket(time, quota, quota / 2);
  let emittedAtMs = Infinity;
  const platform = new Platform({
    time,
    random,
    store,
    bucket,
    usage,
    onDelivered: (id) => delivered[Number.parseInt(id, 10)]?.push(time.nowMs() - emittedAtMs),
  });

  const broadcast = async (room: string): Promise<Readonly<Tally>> => {
    const runtime = platform.createRuntime(platform.createFanOut());
    const io = new Server({ replayDigest: false });
    io.engine.bind(runtime);
    const turn = new Turn("event", runtime.strays);
    turn.deadlineMs = time.nowMs() + 30_000;
    turn.run("live", () => io.to(room).emit("headline", "something has happened"));
    await turn.settle();
    if (turn.failure) throw turn.failure.error;
    return turn.tally;
  };

  const idle: number[] = [];
  const during: number[] = [];
  let refusedFrames = 0;
  let isOver = false;
  const packet = async (): Promise<void> => {
    const arrivedAtMs = time.nowMs();
    const into = arrivedAtMs < emittedAtMs ? idle : during;
    if (!bucket.take()) {
      refusedFrames += 1;
      return;
    }
    await time.sleep(drawMs(random, HANDLER_MS));
    const connectionId = toConnectionId(`ordinary ${arrivedAtMs} ${random()}`);
    await platform
      .createRuntime()
      .outbound.send({ sid: toSid(connectionId), route: { kind: "connection", connectionId } }, ["430[]"]);
    into.push(time.nowMs() - arrivedAtMs);
  };
  const traffic = async (): Promise<void> => {
    const packets: Promise<void>[] = [];
    while (options.ordinary !== undefined && !isOver) {
      packets.push(packet());
      await time.sleep((-Math.log(1 - random()) / options.ordinary) * 1_000);
    }
    await Promise.all(packets);
  };

  const tallies = await time.run(async () => {
    const ordinary = traffic();
    if (options.ordinary !== undefined) await time.sleep(IDLE_MS);
    emittedAtMs = time.nowMs();
    const sent = await Promise.all([...rooms.keys()].map((room) => platform.invoke(() => broadcast(room))));
    isOver = true;
    await ordinary;
    return sent;
  });
  const partitions = [...store.partitions.values()];
  return {
    delivered,
    tallies,
    usage,
    idle,
    during,
    refusedFrames,
    hottest: Math.max(...partitions.map(({ hottest }) => hottest)),
    throttled: partitions.reduce((sum, { throttled }) => sum + throttled, 0),
  };
}
