import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Faults } from "../../infra/local/faults.ts";
import type { LocalRuntime } from "../../infra/local/local.ts";
import type { Finding } from "../../infra/verify/check.ts";
import { checks } from "../../infra/verify/checks.ts";
import { runChecks } from "../../infra/verify/runner.ts";
import { awsLimits, Stage, type Limits, type StageOptions } from "../../infra/verify/stage.ts";
import { startOurs } from "../support/our-server.ts";

const token = "a token for the test";
const faults: Faults = {};
let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/verified.ts", {
    env: { NONSTICKY_VERIFY_TOKEN: token, NONSTICKY_UPGRADES: "true" },
    faults,
    log: () => undefined,
  });
}, 60_000);

afterAll(() => runtime.stop());

afterEach(() => {
  for (const name of Object.keys(faults) as (keyof Faults)[]) delete faults[name];
});

const stageOf = (options: Partial<StageOptions> = {}): Stage =>
  new Stage({
    url: `${runtime.url.replace("http", "ws")}/dev`,
    pollUrl: `${runtime.url}/socket.io`,
    edgeUrl: runtime.url,
    path: "/socket.io",
    token,
    long: false,
    frames: 100,
    waiters: 6,
    limits: { ...awsLimits, patienceMs: 5_000, timerMs: 4_000 },
    ...options,
  });

async function verify(ids: readonly string[], options: Partial<StageOptions> = {}): Promise<Finding[]> {
  const chosen = checks.filter(({ id }) => ids.length === 0 || ids.includes(id));
  return [...(await runChecks(chosen, stageOf(options)))];
}

describe("a stack that does what this repository assumes", () => {
  it("is as assumed in everything that can be checked at once", async () => {
    const findings = await verify([]);

    const others = findings.filter(({ outcome }) => outcome.verdict !== "as assumed");
    expect(others.map(({ check, outcome }) => [check.id, outcome])).toEqual([
      ["broken", { verdict: "not checked", why: "no --broken-url" }],
      ["dual-stack", { verdict: "not checked", why: "127.0.0.1 is an address, not a name" }],
      [
        "throttled",
        {
          verdict: "not checked",
          why: "takes what the stage has for all of its clients: give --flood with a number of frames",
        },
      ],
      ["noops", { verdict: "not checked", why: "takes up to two hours: give --long" }],
      ["age", { verdict: "not checked", why: "takes up to two hours: give --long" }],
    ]);
  }, 180_000);
});

describe("a stack whose app does not answer", () => {
  it.each([
    { given: undefined, why: "no token: give --token or NONSTICKY_VERIFY_TOKEN" },
    { given: "another token", why: "the app refused the token, or does not call installVerification" },
  ])("is checked without it, and says so, when the token is $given", async ({ given, why }) => {
    const findings = await verify(["slash", "context", "echo"], { token: given });

    expect(findings.map(({ check, outcome }) => [check.id, outcome])).toEqual([
      ["context", { verdict: "not checked", why }],
      ["slash", expect.objectContaining({ verdict: "as assumed" })],
      ["echo", { verdict: "not checked", why }],
    ]);
  });
});

describe("a stack that does otherwise", () => {
  const cases: readonly {
    readonly title: string;
    readonly fault: Faults;
    /** What must be different. */
    readonly red: readonly string[];
    /** What must be as assumed all the same. */
    readonly green?: readonly string[];
    readonly limits?: Partial<Limits>;
    readonly options?: Partial<StageOptions>;
  }[] = [
    { title: "fails the integration of $connect", fault: { failedRoute: "$connect" }, red: ["open"] },
    {
      title: "fails that of $default",
      fault: { failedRoute: "$default" },
      red: ["context"],
      limits: { patienceMs: 1_500 },
    },
    {
      title: "refuses a slash at the end",
      fault: { noTrailingSlash: true },
      red: ["slash"],
      green: ["open"],
    },
    { title: "reads bodies as Latin-1", fault: { latinBodies: true }, red: ["bodies"], green: ["context"] },
    { title: "posts binary frames", fault: { binaryPosts: true }, red: ["text-frames"] },
    { title: "takes binary frames", fault: { binaryCloseCode: 1000 }, red: ["binary-frame"] },
    {
      title: "takes frames over 32 KB",
      fault: { inboundLimitBytes: 200_000 },
      red: ["over-32-kb"],
      limits: { patienceMs: 1_500 },
    },
    { title: "takes no 32 KB", fault: { inboundLimitBytes: 10_000 }, red: ["over-32-kb", "compression"] },
    { title: "takes posts of 64 KB at most", fault: { postLimitBytes: 65_536 }, red: ["large-post"] },
    { title: "closes at a ping", fault: { closesAtPing: true }, red: ["ping-frame"] },
    { title: "hands frames on late", fault: { lateFrameEvery: 30 }, red: ["order-in"], green: ["order-out"] },
    {
      title: "throttles frames",
      fault: { throttledFrameEvery: 60 },
      red: ["order-in"],
      limits: { patienceMs: 1_500 },
    },
    {
      title: "loses frames where it throttles",
      fault: { lostFrameEvery: 60 },
      red: ["throttled"],
      options: { flood: 500 },
      limits: { patienceMs: 1_500 },
    },
    {
      title: "has a name without an address of IPv6",
      fault: {},
      red: ["dual-stack"],
      green: ["open"],
      options: { pollUrl: "https://api.example", resolve: () => Promise.reject(new Error("ENODATA")) },
    },
    { title: "reorders posts", fault: { latePostEvery: 50 }, red: ["order-out"], green: ["order-in"] },
    { title: "loses posts", fault: { lostPostEvery: 50 }, red: ["order-out"], limits: { patienceMs: 1_500 } },
    { title: "is slow to take posts", fault: { slowPostMs: 70 }, red: ["pace"], green: ["bodies"] },
    {
      title: "is slow to take frames",
      fault: { lateFrameEvery: 10, lateFrameMs: 400 },
      red: ["echo"],
      limits: { echoMs: 300 },
    },
    {
      title: "begins handlers late",
      fault: { lateFrameEvery: 2, lateFrameMs: 1_100 },
      red: ["ramp"],
      limits: { rampMs: 1_000 },
    },
    {
      title: "delays messages for too long",
      fault: { wrongDelayMs: 2_500 },
      red: ["timers"],
      green: ["context"],
    },
    {
      title: "delays messages too little",
      fault: { wrongDelayMs: -2_500 },
      red: ["timers"],
      green: ["context"],
    },
    { title: "knows one lane", fault: { oneLane: true }, red: ["ack-lane"] },
    {
      title: "keeps groups locked",
      fault: { lockedGroups: true },
      red: ["early-release"],
      limits: { patienceMs: 1_500 },
    },
    { title: "loses what comes before a close", fault: { lostLastWords: true }, red: ["last-words"] },
    {
      title: "loses $disconnect",
      fault: { failedRoute: "$disconnect" },
      red: ["cut"],
      limits: { cutMs: 1_000 },
    },
    { title: "has no empty rest", fault: { noEmptyRest: true }, red: ["empty-rest", "rows-http"] },
    {
      title: "upgrades nothing at the edge",
      fault: { blindEdge: true },
      red: ["edge-websocket", "edge-upgrade"],
      limits: { patienceMs: 1_500 },
    },
    { title: "closes with another code", fault: { deletionCloseCode: 1001 }, red: ["last-words", "rows"] },
  ];

  it.each(cases.map((one) => ({ ...one, at: one.red.join(" and ") })))(
    "that $title is seen at $at",
    async ({ fault, red, green = [], limits = {}, options = {} }) => {
      Object.assign(faults, fault);

      const findings = await verify([...red, ...green], {
        ...options,
        limits: { ...awsLimits, patienceMs: 4_000, ...limits },
      });

      const verdicts = findings.map(({ check, outcome }) => [check.id, outcome.verdict]);
      expect(Object.fromEntries(verdicts)).toEqual({
        ...Object.fromEntries(red.map((id) => [id, "DIFFERENT"])),
        ...Object.fromEntries(green.map((id) => [id, "as assumed"])),
      });
    },
  );

  it("is as assumed where it closes whom it throttles, and where its names have addresses of IPv6", async () => {
    faults.throttledFrameEvery = 60;
    const resolve = () => Promise.resolve(["2001:db8::1"]);
    const findings = await verify(["throttled", "dual-stack"], {
      flood: 500,
      pollUrl: "https://api.example",
      resolve,
      limits: { ...awsLimits, patienceMs: 4_000 },
    });
    expect(findings.map(({ outcome }) => outcome)).toEqual([
      { verdict: "as assumed", came: "2001:db8::1" },
      {
        verdict: "as assumed",
        came: expect.stringMatching(
          /^\d of 5 connections closed with 1008, Throttled, 0 frames missing on the others$/,
        ),
      },
    ]);
  });

  it("refuses connections when its queue is gone, and one that does not is not broken", async () => {
    const brokenUrl = stageOf().options.url;
    const limits = { ...awsLimits, patienceMs: 500 };

    const [whole] = await verify(["broken"], { brokenUrl, limits });
    faults.failedRoute = "$connect";
    const [broken] = await verify(["broken"], { brokenUrl, limits });

    expect(whole?.outcome).toMatchObject({
      verdict: "DIFFERENT",
      came: expect.stringMatching(/^a frame 0\{/),
    });
    expect(broken?.outcome).toEqual({ verdict: "as assumed", came: "HTTP 500, close 1006" });
  });
});
