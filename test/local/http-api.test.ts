import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerHttpApi } from "../../infra/local/gateway/http-api.ts";
import type { Pool } from "../../infra/local/lambda/pool.ts";

interface Event {
  readonly rawPath: string;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
}

let server: Server;
let url: string;

/** A function that answers with its event. */
const echo = {
  spec: { key: "poll" },
  invoke: (event: unknown) =>
    Promise.resolve({ kind: "answered", result: { statusCode: 200, body: JSON.stringify(event) } }),
} as unknown as Pool;

beforeAll(async () => {
  server = createServer((request, response) => {
    void answerHttpApi(request, response, {
      routeKey: "ANY /socket.io/{proxy+}",
      stage: "dev",
      domainName: () => "localhost",
      pool: echo,
      accepts: () => undefined,
      onInvoke: () => undefined,
      log: () => undefined,
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

async function post(body: string, type: string | undefined): Promise<Event> {
  const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
  // Of bytes, `fetch` makes up no content type.
  const response = await fetch(`${url}/socket.io/?EIO=4`, {
    method: "POST",
    headers,
    body: Buffer.from(body),
  });
  return (await response.json()) as Event;
}

describe("the body of a POST reaches its function", () => {
  it.each(["text/plain;charset=UTF-8", "text/plain", "application/json", "application/xml"])(
    "as text when it is of type %s",
    async (type) => {
      expect(await post('42["ä"]', type)).toMatchObject({ body: '42["ä"]', isBase64Encoded: false });
    },
  );

  it.each([
    ["application/x-www-form-urlencoded", 'd=42["a"]'],
    ["application/octet-stream", "bytes"],
    [undefined, '42["a"]'],
  ])("as base64 when it is of type %s", async (type, body) => {
    const encoded = Buffer.from(body).toString("base64");

    expect(await post(body, type)).toMatchObject({ body: encoded, isBase64Encoded: true });
  });
});
