import { describe, expect, it, vi } from "vitest";
import { RetryPolicy } from "../../lib/requests/retry.ts";
import { createDocumentClient } from "../../lib/state/dynamo/document-client.ts";
import { createSdkTableClient } from "../../lib/state/dynamo/sdk-table-client.ts";
import { createTableClient } from "../../lib/state/dynamo/table-client.ts";
import { GetCommand } from "../../lib/state/dynamo/commands.ts";
import { localCredentials } from "../support/dynalite.ts";
import { startRecordingService, type ServiceAnswer } from "../support/recording-service.ts";

const RANDOM = 0.7;

/** How long each client waits between its attempts, where a service never answers otherwise. */
async function waitsBefore(answer: ServiceAnswer): Promise<{ signed: number[]; sdk: number[] }> {
  const service = await startRecordingService();
  service.answerBy(() => answer);
  const random = vi.spyOn(Math, "random").mockReturnValue(RANDOM);
  const setTimer = globalThis.setTimeout;
  const env = { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_DYNAMODB: service.endpoint };
  const command = new GetCommand({ TableName: "t", Key: {} });
  try {
    const signed: number[] = [];
    const sleep = async (ms: number) => void signed.push(ms);
    await createTableClient(env, { credentials: localCredentials, sleep })
      .send(command)
      .catch(() => undefined);

    const sdk: number[] = [];
    // Its waits are timers, and so are its limits on the network, which are left out here.
    const timers = vi.spyOn(globalThis, "setTimeout").mockImplementation((run: () => void, ms = 0) => {
      if (ms > 0 && !LIMITS_MS.has(ms)) sdk.push(ms);
      return setTimer(run, LIMITS_MS.has(ms) ? ms : 0);
    });
    const client = createSdkTableClient(createDocumentClient(env, { credentials: localCredentials }));
    await client.send(command).catch(() => undefined);
    timers.mockRestore();
    client.destroy();
    return { signed, sdk };
  } finally {
    random.mockRestore();
    await service.stop();
  }
}

/** Of connections and requests, and when the SDK looks whether its sockets are enough. */
const LIMITS_MS = new Set([1000, 3000, 4000, 5000]);

describe("the waits between attempts", () => {
  it.each<[string, ServiceAnswer]>([
    ["a fault", { status: 500, body: { __type: "x#InternalServerError", message: "fault" } }],
    ["throttling", { status: 400, body: { __type: "x#ThrottlingException", message: "slow" } }],
    ["a wish of the service", { status: 503, headers: { "x-amz-retry-after": "70" }, body: {} }],
    ["a wish in seconds", { status: 503, headers: { "retry-after": "2" }, body: {} }],
    ["a wish beyond reason", { status: 503, headers: { "retry-after": "600" }, body: {} }],
  ])("after %s are the SDK's", async (_, answer) => {
    const { signed, sdk } = await waitsBefore(answer);

    expect(signed).toHaveLength(5);
    // What the service wishes is a time of day to the SDK: it has passed a little of it by then.
    for (const [index, ms] of signed.entries()) expect(Math.abs(ms - sdk[index]!)).toBeLessThan(60);
  });

  it("double, under full jitter, up to twenty seconds", () => {
    const policy = new RetryPolicy({ maxAttempts: 12, firstWaitMs: 25, random: () => 0.999_999 });

    expect([1, 2, 3, 9, 11].map((attempts) => policy.waitMsAfter(attempts, "transient", 0))).toEqual([
      24, 49, 99, 6_399, 19_999,
    ]);
    expect(policy.waitMsAfter(12, "transient", 0)).toBeUndefined();
  });
});

describe("the allowance of all requests", () => {
  const spend = (policy: RetryPolicy, kind: "transient" | "throttling") => {
    let retries = 0;
    while (policy.waitMsAfter(1, kind, 0) !== undefined) retries++;
    return retries;
  };

  it("ends repetitions in an outage", () => {
    const policy = () => new RetryPolicy({ maxAttempts: 6, firstWaitMs: 25, random: () => 0 });

    expect([spend(policy(), "transient"), spend(policy(), "throttling")]).toEqual([35, 100]);
  });

  it("comes back with what succeeds, a repetition with what it had cost", () => {
    const policy = new RetryPolicy({ maxAttempts: 6, firstWaitMs: 25, random: () => 0 });
    spend(policy, "throttling");

    for (let success = 0; success < 4; success++) policy.recordSuccess(undefined);
    expect(spend(policy, "throttling")).toBe(0);
    policy.recordSuccess("throttling");
    expect(spend(policy, "throttling")).toBe(1);
  });
});
