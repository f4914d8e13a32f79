import { describe, expect, it } from "vitest";
import { createDocumentClient } from "../../../lib/state/dynamo/document-client.ts";

describe("the document client", () => {
  it("goes where the environment says", async () => {
    const client = createDocumentClient({
      AWS_REGION: "eu-west-3",
      AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:8000",
    });

    const endpoint = await client.config.endpoint?.();

    expect(await client.config.region()).toBe("eu-west-3");
    expect(endpoint).toMatchObject({ protocol: "http:", hostname: "127.0.0.1", port: 8000 });
    client.destroy();
  });

  it("tries six times, and lets its maker override", async () => {
    const client = createDocumentClient({ AWS_REGION: "eu-west-3" }, { region: "eu-west-1" });

    expect(await client.config.maxAttempts()).toBe(6);
    expect(await client.config.region()).toBe("eu-west-1");
    client.destroy();
  });

  it("keeps its connections, many at a time", async () => {
    const client = createDocumentClient({ AWS_REGION: "eu-west-3" });

    // Resolved with the first request, which is not sent here.
    const handler = client.config.requestHandler as unknown as {
      configProvider: Promise<{
        httpsAgent: { maxSockets: number; keepAlive: boolean };
        requestTimeout: number;
      }>;
    };
    const { httpsAgent, requestTimeout } = await handler.configProvider;

    expect(requestTimeout).toBe(3000);
    expect(httpsAgent).toMatchObject({ maxSockets: 100, keepAlive: true });
    client.destroy();
  });
});
