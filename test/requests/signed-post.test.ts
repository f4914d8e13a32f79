import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SignatureV4 } from "@smithy/signature-v4";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createConnectionsApi } from "../../lib/requests/signed-post.ts";
import { createSettings } from "../../lib/requests/environment-settings.ts";
import type { Credentials } from "../../lib/requests/signature.ts";

interface Seen {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const nowMs = Date.UTC(2026, 10, 22, 16, 0, 7);

/** What the SDK's signer hashes with. */
class Sha256 {
  readonly #hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as string);
  }

  update(data: string | ArrayBufferView): void {
    this.#hash.update(data as string);
  }

  reset(): void {
    throw new Error("expected a hash to be used once");
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

let server: Server;
let seen: Seen[];

beforeEach(async () => {
  seen = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      seen.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

describe("a hand-signed post", () => {
  const cases: [name: string, connectionId: string, frame: string, credentials: Credentials][] = [
    [
      "with long-term credentials",
      "PJqB0fHsqRcCHlw=",
      '42["chat message","hi"]',
      { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    ],
    [
      "with a session token, as in Lambda",
      "a-b_c=",
      '42["ü","😀\u2028"]',
      { accessKeyId: "ASIAEXAMPLE", secretAccessKey: "s/e+c", sessionToken: "FwoG//token==" },
    ],
    [
      "to an id that needs every escape",
      "a/b+c =(!*')",
      "",
      { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" },
    ],
  ];

  it.each(cases)(
    "is signed as the SDK signs the same request, %s",
    async (_, connectionId, frame, credentials) => {
      const { port } = server.address() as AddressInfo;
      const api = createConnectionsApi({
        callbackUrl: `http://127.0.0.1:${port}/dev`,
        settings: createSettings({ AWS_REGION: "eu-west-1" }, { credentials }),
        connectionTimeoutMs: 2_000,
        timeoutMs: 2_000,
        maxSockets: 1,
        nowMs: () => nowMs,
      });

      expect((await api.post(connectionId, frame)).status).toBe(200);
      api.destroy();

      const [request] = seen;
      expect(request?.body).toBe(frame);
      expect(decodeURIComponent(request?.url ?? "")).toBe(`/dev/@connections/${connectionId}`);
      const signer = new SignatureV4({
        service: "execute-api",
        region: "eu-west-1",
        credentials,
        sha256: Sha256,
        applyChecksum: false,
      });
      const signed = await signer.sign(
        {
          method: "POST",
          protocol: "http:",
          hostname: "127.0.0.1",
          port,
          path: request?.url ?? "",
          query: {},
          headers: { host: `127.0.0.1:${port}` },
          body: frame,
        },
        { signingDate: new Date(nowMs) },
      );
      expect(request?.headers.authorization).toBe(signed.headers["authorization"]);
      expect(request?.headers["x-amz-date"]).toBe(signed.headers["x-amz-date"]);
      expect(request?.headers["x-amz-security-token"]).toBe(credentials.sessionToken);
    },
  );
});
