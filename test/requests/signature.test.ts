import { createHash, createHmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSigner, type Credentials, type Signable } from "../../lib/requests/signature.ts";
import { toHeaders } from "./to-headers.ts";

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

async function signBySdk(
  service: string,
  { method, path, headers, body }: Signable,
  credentials: Credentials,
  nowMs: number,
): Promise<Record<string, string>> {
  const signer = new SignatureV4({
    service,
    region: "eu-west-1",
    credentials,
    sha256: Sha256,
    applyChecksum: false,
  });
  const request = {
    ...{ method, path, body, query: {}, protocol: "https:", hostname: "host.example" },
    headers: { host: "host.example:8000", ...Object.fromEntries(headers) },
  };
  return (await signer.sign(request, { signingDate: new Date(nowMs) })).headers;
}

const word = fc.stringMatching(/^[\x21-\x7e]{1,20}$/);
const signable: fc.Arbitrary<Signable> = fc.record({
  method: fc.constantFrom("POST", "DELETE"),
  path: fc
    .array(fc.string({ unit: "grapheme", maxLength: 8 }).map(encodeURIComponent), { maxLength: 4 })
    .map((parts) => `/${parts.filter((part) => part !== "" && !/^\.+$/.test(part)).join("/")}`),
  headers: fc.constantFrom<[string, string][]>(
    [],
    [
      ["content-type", "application/x-amz-json-1.0"],
      ["x-amz-target", "DynamoDB_20120810.Query"],
    ],
    [
      ["content-type", "a"],
      ["x-amz-invocation-type", "Event"],
      ["x-amzn-query-mode", "true"],
    ],
  ),
  body: fc.string({ unit: "grapheme" }),
});
const someCredentials: fc.Arbitrary<Credentials> = fc
  .tuple(word, word, fc.option(word, { nil: undefined }))
  .map(([accessKeyId, secretAccessKey, sessionToken]) => ({
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  }));

describe("a signature by hand", () => {
  it.each(["dynamodb", "sqs", "lambda", "execute-api"])("is the SDK's, of %s", async (service) => {
    const sign = createSigner({ service, region: "eu-west-1", host: "host.example:8000" });
    const aTimeMs = fc.integer({ min: Date.UTC(2024, 0), max: Date.UTC(2030, 0) });

    await fc.assert(
      fc.asyncProperty(signable, someCredentials, aTimeMs, async (request, credentials, nowMs) => {
        const head = sign(request, credentials, nowMs);

        const { line, headers } = toHeaders(head);
        expect(line).toBe(`${request.method} ${request.path} HTTP/1.1`);
        expect(headers).toEqual(await signBySdk(service, request, credentials, nowMs));
      }),
      { seed: 20261128, numRuns: 60 },
    );
  });

  it("has the key of its day and secret, whichever came before", async () => {
    const sign = createSigner({ service: "sqs", region: "eu-west-1", host: "host.example:8000" });
    const request: Signable = { method: "POST", path: "/", headers: [], body: "" };
    const one = { accessKeyId: "A", secretAccessKey: "one" };
    const other = { accessKeyId: "A", secretAccessKey: "other" };
    const midnightMs = Date.UTC(2026, 10, 23);

    for (const [credentials, nowMs] of [
      [one, midnightMs - 1],
      [other, midnightMs - 1],
      [one, midnightMs],
      [one, midnightMs - 1],
    ] as const)
      expect(toHeaders(sign(request, credentials, nowMs)).headers).toEqual(
        await signBySdk("sqs", request, credentials, nowMs),
      );
  });
});
