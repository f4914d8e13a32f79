import { afterAll, beforeAll, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { checks } from "../../infra/verify/checks.ts";
import { runChecks } from "../../infra/verify/runner.ts";
import { awsLimits, Stage } from "../../infra/verify/stage.ts";
import { startOurs } from "../support/our-server.ts";

const token = "a token for the test";
let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/verified.ts", {
    env: { NONSTICKY_VERIFY_TOKEN: token },
    ordering: "direct",
    log: () => undefined,
  });
}, 60_000);

afterAll(() => runtime.stop());

it("leaves out what direct ordering does not promise, and finds the rows as they are elsewhere", async () => {
  const stage = new Stage({
    url: `${runtime.url.replace("http", "ws")}/dev`,
    path: "/socket.io",
    token,
    long: false,
    frames: 10,
    waiters: 2,
    limits: awsLimits,
  });

  const findings = await runChecks(
    checks.filter(({ id }) => ["rows", "attachments", "order-in", "timers"].includes(id)),
    stage,
  );

  const why = "the stage has ordering=direct";
  expect(Object.fromEntries(findings.map(({ check, outcome }) => [check.id, outcome]))).toMatchObject({
    rows: { verdict: "as assumed" },
    attachments: { verdict: "not checked", why },
    "order-in": { verdict: "not checked", why },
    timers: {
      verdict: "not checked",
      why: "the stage has no timers, core.timers_unordered: deploy it with timers=true",
    },
  });
}, 120_000);
