import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { PollRequest, PollResponse } from "../engine/polling/http.ts";

/** The files of the stock client that the official server serves. */
const FILE = /^\/(socket\.io(?:\.esm|\.msgpack)?(?:\.min)?\.js(?:\.map)?)$/;

/**
 * Serves the stock client at `<path>/socket.io.js`, as the official server does with `serveClient`: named by its
 * version in the ETag, to be revalidated on each use. Undefined: the request is for something else.
 */
export async function serveClientBundle(request: PollRequest): Promise<PollResponse | undefined> {
  const name = FILE.exec(request.path)?.[1];
  if (name === undefined || (request.method !== "GET" && request.method !== "HEAD")) return undefined;
  const client = await findClient();
  const file = client && (await readFile(path.join(client.directory, name)).catch(() => undefined));
  if (client === undefined || file === undefined) return { status: 404, headers: {}, body: "" };
  const etag = `"${client.version}"`;
  const headers = {
    etag,
    "cache-control": "public, max-age=0",
    "content-type": `application/${name.endsWith(".map") ? "json" : "javascript"}; charset=utf-8`,
  };
  const known = request.headers["if-none-match"];
  if (known === etag || known === `W/${etag}`) return { status: 304, headers, body: "" };
  return { status: 200, headers, body: file };
}

interface Client {
  readonly directory: string;
  readonly version: string;
}

/** The installed package; the bundler puts it beside the function's code in a deployment. */
async function findClient(): Promise<Client | undefined> {
  try {
    const manifest = createRequire(import.meta.url).resolve("socket.io-client/package.json");
    const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
    return { directory: path.join(path.dirname(manifest), "dist"), version };
  } catch {
    return undefined;
  }
}
