import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:https";
import { SignatureV4 } from "@smithy/signature-v4";
import { region, type Emulator } from "./emulator.ts";

/** One of the three ways in which AWS's services are spoken to. */
export type AwsRequest =
  | { readonly service: string; readonly target: string; readonly body?: unknown }
  | { readonly service: string; readonly form: Readonly<Record<string, string>> }
  | { readonly service: string; readonly path: string; readonly body?: string };

export type Aws = (request: AwsRequest) => Promise<{ readonly status: number; readonly text: string }>;

/** Calls the emulator as the account's owner. */
export function createAws({ env }: Emulator): Aws {
  const endpoint = new URL(env["AWS_ENDPOINT_URL"] ?? "");
  const certificate = readFileSync(env["NODE_EXTRA_CA_CERTS"] ?? "");
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  return async (asked) => {
    const { service } = asked;
    const [method, path, type, body] = toHttp(asked);
    const signer = new SignatureV4({ service, region, credentials, sha256: Sha256 });
    const signed = await signer.sign({
      method,
      protocol: "https:",
      hostname: endpoint.hostname,
      path,
      query: {},
      headers: {
        host: endpoint.host,
        ...type,
        "x-amz-content-sha256": createHash("sha256").update(body).digest("hex"),
      },
      body,
    });
    return new Promise((resolve, reject) => {
      const sent = request(
        endpoint,
        { method, path, headers: signed.headers, ca: certificate },
        (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
          response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        },
      );
      sent.once("error", reject).end(body);
    });
  };
}

/** Two texts of each member of a list of the query protocol: the second is empty where there is none. */
export function readPairs(xml: string, first: string, second: string): Map<string, string> {
  const read = (member: string, tag: string) =>
    unescapeXml(new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(member)?.[1] ?? "");
  return new Map(
    xml
      .split("<member>")
      .map((member): [string, string] => [read(member, first), read(member, second)])
      .filter(([name]) => name !== ""),
  );
}

export async function readOutputs(aws: Aws, stack: string): Promise<ReadonlyMap<string, string>> {
  const { text } = await aws({
    service: "cloudformation",
    form: { Action: "DescribeStacks", Version: "2010-05-15", StackName: stack },
  });
  return readPairs(text, "OutputKey", "OutputValue");
}

function toHttp(
  asked: AwsRequest,
): [method: string, path: string, type: Record<string, string>, body: string] {
  if ("path" in asked) return [asked.body === undefined ? "GET" : "POST", asked.path, {}, asked.body ?? ""];
  if ("form" in asked) {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    return ["POST", "/", type, new URLSearchParams(asked.form).toString()];
  }
  const type = { "content-type": "application/x-amz-json-1.1", "x-amz-target": asked.target };
  return ["POST", "/", type, JSON.stringify(asked.body ?? {})];
}

function unescapeXml(text: string): string {
  return text
    .replaceAll(/&(quot|#34);/g, '"')
    .replaceAll("&#x27;", "'")
    .replaceAll("&amp;", "&");
}

/** As the signer wants a hash to be. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", toBytes(secret));
  }
  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(toBytes(data));
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
}

const toBytes = (data: string | ArrayBuffer | ArrayBufferView): Uint8Array | string =>
  typeof data === "string" || data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer);
