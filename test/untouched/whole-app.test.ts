import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serve } from "nonsticky/testing";
import { startLocal } from "../../infra/local/local.ts";
import { Clients, next } from "../testing/clients.ts";
import { startOfficially } from "./official-process.ts";

const file = path.join(import.meta.dirname, "apps/whole.cjs");
const clients = new Clients();

const servers: readonly [string, () => Promise<{ url: string; close(): Promise<void> }>][] = [
  ["the official server", () => startOfficially(file)],
  ["nonsticky/testing", () => serve(file, { replace: ["socket.io"] })],
  ["nonsticky dev", () => startDev(file)],
];

/** The deployed functions, routes included, in processes of their own. */
async function startDev(app: string): Promise<{ url: string; close(): Promise<void> }> {
  const { url, stop } = await startLocal({ app, replace: ["socket.io"], log: () => undefined });
  return { url, close: stop };
}

const post = (url: string, body: unknown, cookie = ""): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", cookie },
    body: JSON.stringify(body),
  });

describe.each(servers)("an untouched app on %s", { timeout: 60_000 }, (_, start) => {
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ url, close } = await start());
  });
  afterEach(() => clients.closeAll());
  afterAll(() => close?.());

  it("answers packets of both transports", async () => {
    for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
      const client = clients.connect(url, { transports });
      expect(await client.timeout(8_000).emitWithAck("ask", transports[0])).toBe(`${transports[0]}? yes`);
    }
  });

  it("serves its page, as the file is", async () => {
    const response = await fetch(url);

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(response.headers.get("etag")).not.toBeNull();
    expect(await response.text()).toContain("<title>A page</title>");
    const again = await fetch(url, {
      headers: { "if-none-match": response.headers.get("etag")!, "cache-control": "max-age=0" },
    });
    expect(again.status).toBe(304);
    const head = await fetch(url, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  it("keeps a session between requests, which sockets have as well", async () => {
    const login = await post(`${url}/sessions`, { user: "Žofie" });
    const set = login.headers.getSetCookie();

    expect([login.status, await login.json()]).toEqual([201, { user: "Žofie" }]);
    expect(set.map((one) => one.split("=")[0])).toEqual(["session", "session.sig"]);
    const cookie = set.map((one) => one.split(";")[0]!).join("; ");
    const me = await fetch(`${url}/me`, { headers: { cookie } });
    expect(await me.json()).toEqual({ user: "Žofie" });
    expect(await (await fetch(`${url}/me`)).json()).toEqual({ user: null });
    for (const transport of ["polling", "websocket"]) {
      const options = { transports: [transport] };
      const known = clients.connect(url, { ...options, extraHeaders: { cookie } });
      expect(await known.timeout(8_000).emitWithAck("who")).toBe("Žofie");
      expect(await clients.connect(url, options).timeout(8_000).emitWithAck("who")).toBeNull();
    }
  });

  it("emits from a route", async () => {
    const [one, other] = [clients.connect(url), clients.connect(url)];
    await Promise.all([one, other].map((client) => client.timeout(8_000).emitWithAck("ask", "ready")));
    const heard = Promise.all([next(one, "news"), next(other, "news")]);

    expect((await post(`${url}/news`, { headline: "hello" })).status).toBe(204);

    expect(await heard).toEqual([[{ headline: "hello" }], [{ headline: "hello" }]]);
  });

  it("sends bytes, several cookies, and a body in pieces", async () => {
    const pixel = await fetch(`${url}/pixel`);

    expect([...new Uint8Array(await pixel.arrayBuffer())]).toEqual([71, 73, 70, 0, 255, 254]);
    expect(pixel.headers.get("content-type")).toBe("image/gif");
    expect(pixel.headers.getSetCookie()).toEqual(["seen=yes; Path=/", "when=now; Path=/"]);
    expect(await (await fetch(`${url}/slow`)).text()).toBe("one,two");
  });

  it("answers for what it does not have, and for what throws", async () => {
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    expect((await fetch(`${url}/broken`)).status).toBe(500);
    expect((await fetch(`${url}/socket.io/?EIO=9&transport=polling`)).status).toBe(400);
  });
});
