import { createHmac } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { serve } from "nonsticky/testing";
import { Clients, next } from "../testing/clients.ts";
import { startOfficially } from "./official-process.ts";

const appFile = (name: string) => path.join(import.meta.dirname, "apps", name);
const onInstances = (name: string) => () =>
  serve(appFile(name), { replace: ["socket.io"], instances: 3, logLevel: "info" });

const clients = new Clients();
let folder: string;
const errors = vi.spyOn(console, "error");

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "nonsticky-sessions-"));
  process.env["SESSIONS_FOLDER"] = folder;
});
afterEach(() => clients.closeAll());
afterAll(() => rm(folder, { recursive: true }));

const transports = ["polling", "websocket"] as const;

describe.each([
  ["the official server", () => startOfficially(appFile("sessions.cjs")), "logged out", "object"],
  ["three instances", onInstances("sessions.cjs"), "core.request_method_lost", "undefined"],
])("a session of an HTTP login on %s", (_, start, logout, store) => {
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ url, close } = await start());
  });
  afterAll(() => close?.());

  const login = async (name: string): Promise<string> => {
    const response = await fetch(`${url}/login/${name}`, { method: "POST" });
    expect(response.status).toBe(204);
    return response.headers.getSetCookie()[0]!.split(";")[0]!;
  };
  const ask = (client: ReturnType<Clients["connect"]>, event: string): Promise<unknown> =>
    client.timeout(8_000).emitWithAck(event);

  it.each(transports)("is there in each handler, with its user, over %s", async (transport) => {
    const cookie = await login(`ada-${transport}`);
    const client = clients.connect(url, { transports: [transport], extraHeaders: { cookie } });

    for (let round = 0; round < 3; round += 1) {
      const args = await new Promise((resolve) =>
        client.emit("who", (...answer: unknown[]) => resolve(answer)),
      );
      const id = `ada-${transport}`;
      expect(args).toEqual([{ id, name: id.toUpperCase() }, true, { user: id }]);
    }
    const session = await new Promise((resolve) =>
      client.emit("session", (...answer: unknown[]) => resolve(answer)),
    );
    expect(session).toEqual([true, 1, "function"]);
    expect(await ask(client, "store")).toBe(store);
    expect(await ask(client, "log out here")).toBe(logout);
  });

  it("keeps what a handler changes, saves it where routes find it, and reloads what others have saved", async () => {
    const cookie = await login("bob");
    const connect = () => clients.connect(url, { transports: ["websocket"], extraHeaders: { cookie } });
    const [one, other] = [connect(), connect()];
    const stored = async () => (await fetch(`${url}/count`, { headers: { cookie } })).json();

    expect([await ask(one, "count"), await ask(one, "count"), await ask(other, "count")]).toEqual([1, 2, 1]);
    expect(await stored()).toBeNull();
    expect(await ask(one, "save")).toBe("saved");
    expect(await stored()).toBe(2);
    expect(await ask(other, "reload")).toBe(2);
    expect(await ask(other, "count")).toBe(3);
  });

  it("is saved by a handler that does not wait, and is gone when it is destroyed", async () => {
    const cookie = await login("eve");
    const client = clients.connect(url, { transports: ["websocket"], extraHeaders: { cookie } });

    await ask(client, "save and go");
    await expect
      .poll(async () => (await fetch(`${url}/count`, { headers: { cookie } })).json(), { timeout: 8_000 })
      .toBe(100);
    expect(await ask(client, "log out")).toBe("undefined");
    expect(await ask(client, "logged in?")).toBe("undefined");
    expect(await (await fetch(`${url}/count`, { headers: { cookie } })).json()).toBeNull();
  });

  it("is begun anew by a handler, and is another one from then on", async () => {
    const cookie = await login("una");
    const client = clients.connect(url, { transports: ["websocket"], extraHeaders: { cookie } });

    expect(await ask(client, "count")).toBe(1);
    expect(await ask(client, "regenerate")).toEqual([true, true, null]);
    expect([await ask(client, "count"), await ask(client, "save")]).toEqual([1, "saved"]);
    expect([await ask(client, "count"), await ask(client, "reload")]).toEqual([2, 1]);
    // The one before is gone from the store.
    expect(await (await fetch(`${url}/count`, { headers: { cookie } })).json()).toBeNull();
  });

  it("lives on when it is touched", async () => {
    const cookie = await login("tom");
    const client = clients.connect(url, { transports: ["websocket"], extraHeaders: { cookie } });

    expect(await ask(client, "touch")).toEqual([true, true, 600_000]);
  });

  it("refuses who has none, with the answer and the headers of its middleware", async () => {
    const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
    expect([response.status, await response.text()]).toEqual([401, "who are you?"]);
    const [error] = await next(clients.connect(url, { transports: ["websocket"] }), "connect_error");
    expect(error).toMatchObject({ message: "websocket error" });

    const cookie = await login("kim");
    const opened = await fetch(`${url}/socket.io/?EIO=4&transport=polling`, { headers: { cookie } });
    expect([opened.status, opened.headers.get("x-served")]).toEqual([200, "yes"]);
    expect((await opened.text()).slice(0, 7)).toBe('0{"sid"');
  });
});

describe.each([
  ["the official server", () => startOfficially(appFile("memory-session.cjs")), false],
  ["three instances", onInstances("memory-session.cjs"), true],
])("a session in the memory of a process, of the engine's middleware, on %s", (_, start, isOurs) => {
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ url, close } = await start());
  });
  afterAll(() => close?.());

  it.each(["save", "reload", "regenerate", "destroy"])(
    "is there, and what it does is refused by name: %s",
    async (method) => {
      errors.mockClear();
      const client = clients.connect(url, { transports: ["websocket"] });
      const ask = (event: string): Promise<unknown> => client.timeout(8_000).emitWithAck(event);

      expect([await ask("count"), await ask("count")]).toEqual([1, 2]);
      const answer = await ask(method);
      if (!isOurs) return expect(answer).toMatch(method === "reload" ? /failed to load session/ : /^done$/);
      expect(answer).toMatch(/^expected sessions in a store that every instance reaches, got .*MemoryStore/);
      expect(await ask("count")).toBe(3);
    },
  );
});

describe.each([
  ["the official server", () => startOfficially(appFile("wrapped-session.cjs")), false],
  ["three instances", onInstances("wrapped-session.cjs"), true],
])("a session that a namespace's middleware opens on %s", (_, start, isOurs) => {
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ url, close } = await start());
  });
  afterAll(() => close?.());

  const ask = (client: ReturnType<Clients["connect"]>, event: string): Promise<unknown> =>
    client.timeout(8_000).emitWithAck(event);

  it("is the same in each handler, and is saved and reloaded", async () => {
    errors.mockClear();
    const client = clients.connect(`${url}/stored`, { transports: ["websocket"] });

    expect([await ask(client, "count"), await ask(client, "count")]).toEqual([1, 2]);
    expect(await ask(client, "save")).toBe("saved");
    expect(await ask(client, "count")).toBe(3);
    expect(await ask(client, "reload")).toBe(2);
    expect(errors.mock.calls).toEqual([]);
  });

  it("is there where a cookie holds it", async () => {
    const value = Buffer.from('{"count":41}').toString("base64");
    const signature = createHmac("sha1", "k").update(`c=${value}`).digest("base64url");
    const cookie = `c=${value}; c.sig=${signature}`;
    const client = clients.connect(`${url}/cookie`, {
      transports: ["websocket"],
      extraHeaders: { cookie },
      forceNew: true,
    });

    expect([await ask(client, "count"), await ask(client, "count")]).toEqual([42, 43]);
  });

  it("is refused by name where its store is the memory of one process", async () => {
    errors.mockClear();
    const client = clients.connect(`${url}/forgetful`, { transports: ["websocket"] });

    expect(await ask(client, "count")).toBe(1);
    const saved = await ask(client, "save");
    if (!isOurs) return expect(saved).toBe("saved");
    expect(saved).toMatch(/^expected sessions in a store that every instance reaches, got .*MemoryStore/);
    expect(JSON.stringify(errors.mock.calls)).toContain("core.session_in_memory");
  });
});
