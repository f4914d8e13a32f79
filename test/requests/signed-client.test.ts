import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import type { Credentials } from "../../lib/requests/signature.ts";
import { GetCommand } from "../../lib/state/dynamo/commands.ts";
import { createTableClient } from "../../lib/state/dynamo/table-client.ts";
import { localCredentials } from "../support/dynalite.ts";
import { startRecordingService, type RecordingService } from "../support/recording-service.ts";

const NOW_MS = Date.UTC(2026, 10, 22, 16);
const command = new GetCommand({ TableName: "t", Key: { pk: "a" } });

let service: RecordingService;
let client: AwsClient | undefined;

beforeEach(async () => void (service = await startRecordingService()));
afterEach(async () => {
  client?.destroy();
  await service.stop();
});

type Overrides = Parameters<typeof createTableClient>[1];

const open = (overrides: Overrides = {}): AwsClient =>
  (client = createTableClient(
    { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_DYNAMODB: service.endpoint },
    { credentials: localCredentials, sleep: async () => undefined, nowMs: () => NOW_MS, ...overrides },
  ));

const dates = () => service.seen.map(({ headers }) => headers["x-amz-date"]);

describe("a client whose clock is wrong", () => {
  const expired = {
    status: 400,
    headers: { date: new Date(NOW_MS + 3_600_000).toUTCString() },
    body: { __type: "com.amazon.coral.service#InvalidSignatureException", message: "not yet current" },
  };

  it("goes by the service's from the first refusal on", async () => {
    service.answerBy((index) => (index === 0 ? expired : {}));
    open();

    await client!.send(command);
    await client!.send(command);

    expect(dates()).toEqual(["20261122T160000Z", "20261122T170000Z", "20261122T170000Z"]);
  });

  it("is not that of one that is refused for its key", async () => {
    const { headers: _, ...answer } = expired;
    service.answerBy(() => ({ ...answer, headers: { date: new Date(NOW_MS + 60_000).toUTCString() } }));

    await expect(open().send(command)).rejects.toMatchObject({ name: "InvalidSignatureException" });

    expect(dates()).toEqual(["20261122T160000Z"]);
  });
});

describe("a client", () => {
  it("signs each attempt with the credentials of then", async () => {
    let turn = 0;
    const credentials = async (): Promise<Credentials> => ({
      accessKeyId: `KEY${++turn}`,
      secretAccessKey: "secret",
      sessionToken: `token ${turn}`,
    });
    service.answerBy((index) => (index === 0 ? { status: 500 } : {}));

    await open({ credentials }).send(command);

    expect(service.seen.map(({ headers }) => headers["x-amz-security-token"])).toEqual([
      "token 1",
      "token 2",
    ]);
    expect(service.seen[1]!.headers.authorization).toContain("Credential=KEY2/");
  });

  it("sends no request without credentials, and says why", async () => {
    const none = Object.assign(new Error("none"), { name: "CredentialsProviderError" });

    await expect(open({ credentials: () => Promise.reject(none) }).send(command)).rejects.toBe(none);

    expect(service.seen).toEqual([]);
  });

  it("sends again at once what met a connection that had ended, at the cost of no attempt", async () => {
    service.answerBy((index) => (index === 1 ? "break" : {}));
    open({ maxAttempts: 2, sleep: () => Promise.reject(new Error("expected no wait")) });
    await client!.send(command);

    await client!.send(command);

    expect(service.seen).toHaveLength(3);
  });

  it("waits, and tries again, where a fresh connection ends", async () => {
    service.answerBy((index) => (index === 0 ? "break" : {}));
    const waits: number[] = [];

    await open({ random: () => 0.5, sleep: async (ms) => void waits.push(ms) }).send(command);

    expect(waits).toEqual([12]);
    expect(service.seen).toHaveLength(2);
  });

  it("sends once what may be sent only once, whatever becomes of its connection", async () => {
    open({ maxAttempts: 1 });
    await client!.send(command);
    service.answerBy(() => "break");

    await expect(client!.send(command)).rejects.toMatchObject({ code: "ECONNRESET" });

    expect(service.seen).toHaveLength(1);
  });

  it("puts the path of its endpoint before its own", async () => {
    client = createTableClient(
      { AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_DYNAMODB: `${service.endpoint}/table/` },
      { credentials: localCredentials },
    );

    await client.send(command);

    expect(service.seen[0]!.url).toBe("/table/");
  });
});
