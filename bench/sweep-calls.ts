import type { Calls, CountingAws } from "./counting-aws.ts";
import { Client, type Handlers } from "./handler-client.ts";

const MINUTE_MS = 60_000;
const INTERVAL_MS = 24 * MINUTE_MS;

/** Without read units: of a few connections in many shards they say nothing of many. */
type SweepCounts = Pick<Calls, "reads" | "writes" | "posts" | "writeUnits">;

/** What one connection adds to the sweep's own requests. */
export interface SweepCalls {
  readonly keepAlive: SweepCounts;
  readonly ping: SweepCounts;
}

/**
 * Lets half an hour go by for some connections with a ping interval of 24 minutes, and compares sweeps in which a
 * keep-alive or a ping is due with one in which nothing is. Moves the clock of this
 * process, and counts every connection there is, so it is measured first.
 */
export async function measureSweep(
  handlers: Handlers,
  aws: CountingAws,
  connections: number,
): Promise<SweepCalls> {
  const realNow = Date.now;
  // Two minutes into an interval, so that none of the sweeps compared goes over its end: those ask twice.
  const startedAtMs = Math.ceil(realNow() / INTERVAL_MS) * INTERVAL_MS + 2 * MINUTE_MS;
  const sweepAt = async (minute: number): Promise<Calls> => {
    Date.now = () => startedAtMs + minute * MINUTE_MS;
    aws.reset();
    await handlers.heartbeat({}, { getRemainingTimeInMillis: () => 60_000 });
    return { ...aws.calls };
  };
  try {
    await sweepAt(0);
    for (let n = 0; n < connections; n++) await (await Client.open(handlers, aws)).connect();
    await sweepAt(2);
    const idle = await sweepAt(3.5);
    await sweepAt(7.5);
    const atKeepAlive = await sweepAt(9);
    await sweepAt(23.5);
    const atPing = await sweepAt(25);
    const perConnection = (calls: Calls): SweepCounts => {
      const beyond = (name: keyof SweepCounts) => Math.max(0, calls[name] - idle[name]) / connections;
      return {
        reads: beyond("reads"),
        writes: beyond("writes"),
        posts: (calls.posts - idle.posts) / connections,
        writeUnits: beyond("writeUnits"),
      };
    };
    return { keepAlive: perConnection(atKeepAlive), ping: perConnection(atPing) };
  } finally {
    Date.now = realNow;
  }
}
