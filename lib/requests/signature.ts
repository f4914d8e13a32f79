import { createHash, createHmac } from "node:crypto";

/** Credentials as the SDK resolves them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SignerOptions {
  /** As credentials are scoped to it: `dynamodb`, `execute-api`. */
  readonly service: string;
  readonly region: string;
  /** `host`, with the port where it is not the scheme's own. */
  readonly host: string;
}

export interface Signable {
  readonly method: string;
  /** As it is on the wire. */
  readonly path: string;
  /** Besides host, date and token: names in small letters, in the order of the alphabet. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** The request line and all headers, signed, without the empty line behind them. */
export type Sign = (request: Signable, credentials: Credentials, nowMs: number) => string;

/**
 * Signature Version 4 by hand, with what repeats kept: the signing key of the day, the hash of the body that many get
 * alike. `test/requests/signature.test.ts` holds it to the SDK's signer.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function createSigner({ service, region, host }: SignerOptions): Sign {
  const signingKeyOf = createKeyCache(region, service);
  const toAmzDate = createDateCache();
  let last = { body: "", hash: sha256("") };

  return ({ method, path, headers, body }, { accessKeyId, secretAccessKey, sessionToken }, nowMs) => {
    const amzDate = toAmzDate(nowMs);
    const day = amzDate.slice(0, 8);
    if (last.body !== body) last = { body, hash: sha256(body) };
    let canonicalHeaders = "";
    let names = "";
    let wire = "";
    const add = (name: string, value: string): void => {
      canonicalHeaders += `${name}:${value}\n`;
      names += names === "" ? name : `;${name}`;
      wire += `\r\n${name}: ${value}`;
    };
    let own = 0;
    const addOwn = (before: string): void => {
      for (let next = headers[own]; next !== undefined && next[0] < before; next = headers[++own])
        add(next[0], next[1]);
    };
    addOwn("host");
    add("host", host);
    addOwn("x-amz-date");
    add("x-amz-date", amzDate);
    addOwn("x-amz-security-token");
    if (sessionToken !== undefined) add("x-amz-security-token", sessionToken);
    addOwn("~");
    const canonical = `${method}\n${toCanonicalPath(path)}\n\n${canonicalHeaders}\n${names}\n${last.hash}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const signature = createHmac("sha256", signingKeyOf(secretAccessKey, day))
      .update(`${ALGORITHM}\n${amzDate}\n${scope}\n${sha256(canonical)}`)
      .digest("hex");
    return (
      `${method} ${path} HTTP/1.1${wire}\r\n` +
      `authorization: ${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`
    );
  };
}

/** The key of one day and secret: four HMACs that only midnight, or new credentials, make necessary again. */
function createKeyCache(region: string, service: string): (secret: string, day: string) => Buffer {
  let cached: { secret: string; day: string; key: Buffer } = { secret: "", day: "", key: Buffer.alloc(0) };
  return (secret, day) => {
    if (cached.secret !== secret || cached.day !== day) {
      let key: Buffer = Buffer.from(`AWS4${secret}`);
      for (const step of [day, region, service, "aws4_request"])
        key = createHmac("sha256", key).update(step).digest();
      cached = { secret, day, key };
    }
    return cached.key;
  };
}

/** `20261122T160000Z`, made once a second. */
function createDateCache(): (ms: number) => string {
  let cached = { second: NaN, text: "" };
  return (ms) => {
    const second = Math.floor(ms / 1000);
    if (second !== cached.second)
      cached = { second, text: new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "") };
    return cached.text;
  };
}

/**
 * The path encoded once more, for every service but S3: `encodeURIComponent` of each part, and the five characters that
 * it leaves and Signature Version 4 does not.
 */
const toCanonicalPath = (path: string): string =>
  path === "/"
    ? path
    : encodeURIComponent(path)
        .replace(/%2F/g, "/")
        .replace(/[!'()*]/g, toPercent);

const toPercent = (char: string): string => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;

const sha256 = (data: string): string => createHash("sha256").update(data).digest("hex");
