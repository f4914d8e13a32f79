import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { EventStream } from "../../infra/local/inspector/event-stream.ts";
import { Pool } from "../../infra/local/lambda/pool.ts";
import { topology } from "./fixtures/topology.ts";

const bootstrapFile = fileURLToPath(new URL("fixtures/instance.cjs", import.meta.url));
const nothing = () => {};
let pool: Pool | undefined;

afterEach(async () => {
  await pool?.stop();
  pool = undefined;
});

async function start(instances: number, maxInstances: number): Promise<Pool> {
  pool = new Pool({
    spec: topology.functions[0]!,
    code: { bootstrapFile, bundleFile: "", exportName: "" },
    environment: {},
    instances,
    maxInstances,
    freeze: () => false,
    clockSkewMs: 0,
    coldStartDelayMs: () => 0,
    fateOf: () => undefined,
    onLine: nothing,
    onStart: nothing,
    onExit: nothing,
    onColdStart: nothing,
    onKill: nothing,
    events: new EventStream(),
  });
  await pool.warm();
  return pool;
}

/** Who serves so many events, one after the other. */
async function serve(own: Pool, events: number): Promise<readonly number[]> {
  const pids: number[] = [];
  for (let index = 0; index < events; index += 1) {
    const instance = await own.acquire();
    pids.push(instance.pid);
    own.release(instance);
  }
  return pids;
}

describe("a pool", () => {
  it("has the instances that are kept warm take turns", async () => {
    const own = await start(3, 3);
    const pids = await serve(own, 6);

    expect(new Set(pids.slice(0, 3)).size).toBe(3);
    expect(pids.slice(3)).toEqual(pids.slice(0, 3));
  });

  it("asks those that a burst has added while the others are busy only, the oldest first", async () => {
    const own = await start(2, 4);
    const burst = [await own.acquire(), await own.acquire(), await own.acquire(), await own.acquire()];
    // The warm ones have been idle for the shortest time by then.
    for (const instance of burst.toReversed()) own.release(instance);
    const [one, other, third] = burst.map(({ pid }) => pid);

    expect(await serve(own, 4)).toEqual([other, one, other, one]);
    await own.acquire();
    await own.acquire();
    expect(await serve(own, 3)).toEqual([third, third, third]);
  });

  it("gives an instance that the caller accepts, warm or not", async () => {
    const own = await start(1, 2);
    const [warm, added] = [await own.acquire(), await own.acquire()];
    own.release(warm);
    own.release(added);

    expect(await own.acquire((pid) => pid !== warm.pid)).toBe(added);
    expect(await own.acquire((pid) => pid === warm.pid)).toBe(warm);
  });
});
