import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startFaultProxy, type FaultProxy, type Passing } from "../support/fault-proxy.ts";
import { startOurs } from "../support/our-server.ts";
import { isLive, readRows, sidOf } from "../support/table-rows.ts";
import { eventually, within } from "../support/waiting.ts";
import { enter, type Farewell } from "./farewell.ts";
import { say } from "../support/say.ts";

const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem"];

/** More than a close can have of anything, so that a test which never gets through ends. */
const MOST_STEPS = 40;

describe("an instance killed in the middle of a close", () => {
  let collector: Collector<Farewell>;
  let proxy: FaultProxy;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    [collector, proxy] = await Promise.all([startCollector<Farewell>(), startFaultProxy()]);
    runtime = await startOurs(import.meta.url, "./apps/farewell.ts", {
      instances: 1,
      env: { COLLECTOR_URL: collector.url, AWS_ENDPOINT_URL_DYNAMODB: proxy.url },
    });
    proxy.target = runtime.dynamodbEndpoint;
  }, 60_000);

  afterAll(async () => {
    await runtime.stop();
    await Promise.all([proxy.stop(), collector.stop()]);
  });

  const killInboxes = (): void => {
    for (const { functionName, pid } of runtime.instances()) if (functionName === "inbox") runtime.kill(pid);
  };

  /** Lets a client go with the trap set, and looks at what is left. Resolves with what was told of it. */
  async function leave(who: string, setTrap: () => void): Promise<readonly Farewell[]> {
    const { client, sid } = await enter(runtime.url, who);
    await runtime.idle();
    const liveRows = async () => (await readRows(runtime)).filter((row) => sidOf(row) === sid && isLive(row));
    expect((await liveRows()).length).toBeGreaterThan(0);
    setTrap();
    client.hangUp();

    await eventually(
      async () => (await liveRows()).length === 0,
      () => `expected no live row of ${who}`,
      30_000,
    );
    await within(runtime.idle(), () => "expected the mailbox to become empty");
    expect(await liveRows()).toEqual([]);
    return collector.reports.filter((farewell) => farewell.who === who);
  }

  function expectFarewells(farewells: readonly Farewell[], most: number): void {
    for (const nsp of ["/", "/side"]) {
      for (const handler of ["disconnecting", "disconnect"] as const) {
        const told = farewells.filter((one) => one.nsp === nsp && one.handler === handler);
        expect(told.length, `${handler} of ${nsp}`).toBeGreaterThanOrEqual(1);
        expect(told.length, `${handler} of ${nsp}`).toBeLessThanOrEqual(most);
        for (const { rooms, reason } of told) {
          expect(rooms).toEqual(handler === "disconnecting" ? ["hall", "stairs"] : []);
          expect(reason).toBe("transport close");
        }
      }
    }
  }

  it("does not happen: handlers run exactly once and no live row is left", async () => {
    expectFarewells(await leave("nobody killed", () => undefined), 1);
  }, 60_000);

  it.each(["before", "after"] as const)(
    "%s any of its writes: handlers run, and no live row is left",
    async (moment) => {
      let killed = true;
      let steps = 0;
      for (let step = 1; killed && step <= MOST_STEPS; step++) {
        killed = false;
        let writes = 0;
        const trap = ({ action, body }: Passing): boolean => {
          if (killed || !WRITES.includes(action) || body.includes('"sweep"')) return false;
          writes += 1;
          if (writes < step) return false;
          killed = true;
          steps = step;
          killInboxes();
          return true;
        };
        const farewells = await leave(`${moment} write ${step}`, () => {
          if (moment === "before") proxy.onBefore = trap;
          else proxy.onAfter = trap;
        });
        proxy.onBefore = () => false;
        proxy.onAfter = () => false;
        expectFarewells(farewells, killed ? 2 : 1);
      }
      expect(killed, "the close got through in the end").toBe(false);
      expect(steps).toBeGreaterThanOrEqual(4);
      say(`killed ${moment} each of ${steps} writes of a close`);
    },
    180_000,
  );

  it.each(["before", "after"] as const)(
    "%s any report of its handlers: they run, no live row is left",
    async (moment) => {
      for (const nsp of ["/", "/side"]) {
        for (const handler of ["disconnecting", "disconnect"] as const) {
          let killed = false;
          collector.onReport = (farewell, when) => {
            if (killed || when !== moment || farewell.nsp !== nsp || farewell.handler !== handler) return;
            killed = true;
            killInboxes();
          };
          const farewells = await leave(`${moment} ${handler} of ${nsp}`, () => undefined);
          collector.onReport = () => undefined;
          expect(killed).toBe(true);
          expectFarewells(farewells, 2);
        }
      }
    },
    120_000,
  );

  it("leaves nothing behind that does not expire", async () => {
    const rows = await readRows(runtime);

    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ item }) => typeof item["expiresAt"] !== "number")).toEqual([]);
  });
});
