import type { Budgeted, Counted, Operation } from "./operation.ts";
import type { Client } from "./handler-client.ts";
import { PollingClient, type PollingWorld } from "./polling-client.ts";

interface Cast {
  /** A client on a WebSocket, in the main namespace. */
  readonly speaker: () => Promise<Client>;
  readonly members: number;
}

type Act = () => Promise<unknown>;

/** As many packets as one POST may hold. */
const flood = (...packets: readonly string[]): string =>
  Array.from({ length: 20_000 }, (_, index) => packets[index % packets.length]).join("\x1e");

const TOO_MUCH = "20,001 packets";

/** Answers are written as often as there are 64 KB of them, and at least once a second: a slow machine takes some. */
const SECONDS = 60;

/**
 * The dearest that a client can send in one request: its bounds are a promise about the bill. Each includes the letters,
 * and the end of the session where it comes to that.
 */
const dearest: readonly {
  readonly title: string;
  readonly budget: Partial<Budgeted>;
  readonly body: string;
}[] = [
  { title: "20,000 pongs", budget: { reads: 1, writes: 1, sends: 1 }, body: flood("3") },
  {
    title: "20,000 acks that nobody asked for",
    budget: { reads: 8, writes: 22, sends: 2 },
    body: flood("430[]"),
  },
  { title: "20,000 events", budget: { reads: 3, sends: 2 }, body: flood('42["nothing"]') },
  {
    title: "20,000 events with acks",
    budget: { reads: 3, writes: 3 + SECONDS, sends: 2 },
    body: flood('421["ack"]'),
  },
  {
    title: "10,000 DISCONNECTs and CONNECTs",
    budget: { reads: 80, writes: 150 + SECONDS, sends: 2 },
    body: flood("41", "40"),
  },
  { title: TOO_MUCH, budget: { reads: 8, writes: 10, sends: 1 }, body: `${flood("6")}\x1e6` },
];

let rooms = 0;

/** What polling costs, and the way from there to a WebSocket. */
export function pollingOperations(
  world: PollingWorld,
  { speaker, members }: Cast,
): readonly Operation<Act>[] {
  const arrive = () => new PollingClient(world);
  const connected = (...joined: readonly string[]) => arrive().connect(joined);
  const upgraded = async (...joined: readonly string[]) => (await connected(...joined)).upgrade();
  const operation = (
    title: string,
    budget: Partial<Budgeted>,
    prepare: () => Promise<Act>,
  ): Operation<Act> => ({
    operation: title,
    budget,
    prepare,
    act: (act) => act(),
  });
  /** An emit to a new room whose members are brought about first. */
  const emitTo = async (fill: (room: string) => Promise<unknown>, before = 0): Promise<Act> => {
    const room = `polling-${rooms++}`;
    await fill(room);
    const client = await speaker();
    const emit = () => client.frame(`42["room","${room}"]`);
    for (let n = 0; n < before; n++) await emit();
    return emit;
  };

  return [
    operation("polling handshake", { writes: 1 }, async () => {
      const client = arrive();
      return () => client.open();
    }),
    operation("POST with one event", { reads: 1, sends: 1 }, async () => {
      const client = await connected();
      return async () => {
        await client.post('42["nothing"]');
        world.aws.sent.splice(0);
      };
    }),
    operation("EVENT out of a POST, handler does nothing", { reads: 1 }, async () => {
      const client = await connected();
      await client.post('42["nothing"]');
      return () => client.receive();
    }),
    operation("EVENT out of a POST, with ack", { reads: 1, writes: 1 }, async () => {
      const client = await connected();
      await client.post('421["ack"]');
      return () => client.receive();
    }),
    operation("GET that finds something", { writes: 2 }, async () => {
      const client = await connected();
      await client.event('42["emit"]');
      return () => client.get('42["emitted"]');
    }),
    operation("three GETs that fetch forty packets", { writes: 6 }, async () => {
      const client = await connected();
      await client.event('42["emit many",40]');
      return async () => {
        for (const first of [0, 16, 32]) await client.get(`42["emitted",${first}]`);
      };
    }),
    ...dearest.map(({ title, budget, body }) =>
      operation(`POST of ${title}, all of it`, budget, async () => {
        const client = await connected();
        return async () => {
          await (title === TOO_MUCH ? client.postTooMuch(body) : client.post(body));
          await client.receiveAll();
        };
      }),
    ),
    operation("POST with a pong, and the pong", { reads: 1, writes: 1, sends: 1 }, async () => {
      const client = await connected();
      return () => client.event("3");
    }),
    ...[0, 3].map((count) =>
      operation(`upgrade in ${count} rooms`, { reads: 5, writes: 5, posts: 1 }, async () => {
        const client = await connected(...Array.from({ length: count }, () => `upgrade-${rooms++}`));
        return () => client.upgrade();
      }),
    ),
    operation("EVENT after an upgrade", { reads: 1 }, async () => {
      const client = await upgraded();
      return () => client.frame('42["nothing"]');
    }),
    operation(`io.to(room).emit, ${members} polling members`, { reads: 2, writes: members }, () =>
      emitTo((room) => Promise.all(Array.from({ length: members }, () => connected(room)))),
    ),
    operation("io.to(room).emit, first to an upgraded member", { reads: 3, writes: 2, posts: 1 }, () =>
      emitTo((room) => upgraded(room)),
    ),
    operation("io.to(room).emit, next to an upgraded member", { reads: 2, posts: 1 }, () =>
      emitTo((room) => upgraded(room), 1),
    ),
  ];
}

const YOUNG_MS = 10_000;
const FIRST_MS = 5_000;
const LATER_MS = 4_000;

export interface IdlePoll {
  readonly first: Pick<Counted, "reads" | "readUnits">;
  readonly later: Pick<Counted, "reads" | "readUnits">;
}

/**
 * What a held GET costs a second. In real time, for the handlers' timers are; a slow machine only counts less. The
 * session is made older by the clock of this process: a young one is held for two seconds.
 */
export async function measureIdlePoll(world: PollingWorld): Promise<IdlePoll> {
  const { aws } = world;
  const client = await new PollingClient(world).connect();
  const realNow = Date.now;
  Date.now = () => realNow() + YOUNG_MS;
  try {
    aws.reset();
    const held = client.get('42["emitted"]');
    await pause(FIRST_MS);
    const first = { ...aws.calls };
    aws.reset();
    await pause(LATER_MS);
    const later = { ...aws.calls };
    if (first.reads === 0 || later.reads === 0)
      throw new Error("expected a GET that is held, got one that never looks");
    await client.event('42["emit"]');
    await held;
    const perSecond = ({ reads, readUnits }: Pick<Counted, "reads" | "readUnits">, ms: number) => ({
      reads: Math.round(reads / (ms / 1_000)),
      readUnits: Math.round(readUnits / (ms / 1_000)),
    });
    return { first: perSecond(first, FIRST_MS), later: perSecond(later, LATER_MS) };
  } finally {
    Date.now = realNow;
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
