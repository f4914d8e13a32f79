import { io } from "socket.io-client";
import { startCollector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { within } from "../support/waiting.ts";

/** What the handler of one event saw. */
export interface Step {
  readonly number: number;
  readonly connection: string;
  readonly pid: number;
  /** Counted in `socket.data`. */
  readonly seen: number;
  /** Counted in a variable of the connection listener. */
  readonly remembered: number;
  readonly rooms: readonly string[];
}

export interface WalkOptions {
  readonly steps: number;
  /** So many are sent without waiting for an acknowledgement. */
  readonly window: number;
  readonly chaos: number;
  readonly seed: number;
  readonly patienceMs: number;
}

export interface Walk {
  /** By connection, in the order in which the handlers began. */
  readonly connections: readonly (readonly Step[])[];
  readonly kills: number;
  readonly elapsedMs: number;
}

/**
 * One client sends numbered events and does not wait, to instances that share nothing. When its connection is closed by
 * a kill it comes back and goes on with what was not acknowledged.
 */
export async function walk({ steps, window, chaos, seed, patienceMs }: WalkOptions): Promise<Walk> {
  const collector = await startCollector<Step>();
  const runtime = await startOurs(import.meta.url, "./apps/counter.ts", {
    instances: 4,
    maxInstances: 8,
    antiAffinity: true,
    chaos,
    coldStartMs: [0, 400],
    seed,
    env: { COLLECTOR_URL: collector.url },
  });
  const startedAtMs = Date.now();
  const client = io(runtime.url, {
    transports: ["websocket"],
    reconnectionDelay: 20,
    reconnectionDelayMax: 100,
  });
  try {
    const acknowledged = new Set<number>();
    const allAcknowledged = new Promise<void>((resolve) => {
      let next = 0;
      let underWay = 0;
      const send = (): void => {
        for (; underWay < window && next < steps; next++) {
          if (acknowledged.has(next)) continue;
          underWay += 1;
          client.emit("step", next, (number: number) => {
            acknowledged.add(number);
            underWay -= 1;
            if (acknowledged.size === steps) resolve();
            else send();
          });
        }
      };
      client.on("ready", () => {
        next = 0;
        underWay = 0;
        send();
      });
    });
    await within(
      allAcknowledged,
      () => `expected ${steps} acknowledged steps, got ${acknowledged.size}`,
      patienceMs,
    );
    return {
      connections: toConnections(collector.reports),
      kills: runtime.stats().kills,
      elapsedMs: Date.now() - startedAtMs,
    };
  } finally {
    client.disconnect();
    await runtime.stop();
    await collector.stop();
  }
}

/** Handlers of one socket run beside each other, so reports may arrive in another order; the count in data tells. */
function toConnections(reports: readonly Step[]): Step[][] {
  const connections = new Map<string, Step[]>();
  for (const step of reports) {
    const steps = connections.get(step.connection);
    if (steps === undefined) connections.set(step.connection, [step]);
    else steps.push(step);
  }
  return [...connections.values()].map((steps) => steps.toSorted((one, other) => one.seen - other.seen));
}
