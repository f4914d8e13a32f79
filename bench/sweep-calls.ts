import type { Calls, CountingAws } from "./counting-aws.ts";
import { Client, type Handlers } from "./handler-client.ts";

const MINUTE_MS = 60_000;
const INTERVAL_MS = 24 * MINUTE_MS;

/** What one connection adds to the sweep's own requests. */
export interface SweepCalls {
  readonly keepAlive: Pick<Calls, "reads" | "writes" | "posts">;
  readonly ping: Pick<Calls, "reads" | "writes" | "posts">;
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
    const perConnection = (calls: Calls): SweepCalls["ping"] => ({
      reads: Math.max(0, calls.reads - idle.reads) / connections,
      writes: Math.max(0, calls.writes - idle.writes) / connections,
      posts: (calls.posts - idle.posts) / connections,
    });
    return { keepAlive: perConnection(atKeepAlive), ping: perConnection(atPing) };
  } finally {
    Date.now = realNow;
  }
}
