import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startLocal, type LocalRuntime } from "../../../infra/local/local.ts";
import { InspectorReader } from "../../support/inspector-reader.ts";
import { eventually } from "../../support/waiting.ts";

const app = path.join(import.meta.dirname, "../fixtures/inspected-app.ts");
const SECRET = "correct-horse-battery-staple";
const PATIENCE_MS = 15_000;

let runtime: LocalRuntime;
const sockets: Socket[] = [];
const readers: InspectorReader[] = [];

beforeAll(async () => {
  runtime = await startLocal({
    app,
    instances: 2,
    inspector: true,
    env: { APP_SECRET: SECRET, NONSTICKY_LOG_LEVEL: "warn" },
    log: () => undefined,
  });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const reader of readers.splice(0)) reader.close();
  await change({ chaos: 0, antiAffinity: false, freeze: false, throttle: 0 });
});
afterAll(() => runtime.stop());

async function join(transports = ["websocket"]): Promise<Socket> {
  const socket = connect(runtime.url, { transports, upgrade: false, forceNew: true, reconnection: false });
  sockets.push(socket);
  await socket.timeout(PATIENCE_MS).emitWithAck("enter", "lobby");
  return socket;
}

async function read(): Promise<InspectorReader> {
  const reader = await InspectorReader.open(runtime.url);
  readers.push(reader);
  return reader;
}

const sidOf = (socket: Socket): string => (socket.io.engine as unknown as { id: string }).id;

/** What a page, or a program, sends to the inspector. */
function ask(
  method: string,
  place: string,
  { body, headers = {} }: { body?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(`${runtime.url}${place}`, { method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      const status = response.statusCode ?? 0;
      response.on("end", () => resolve({ status, text }));
      // A stream of events does not end.
      if (status === 200 && place.endsWith("/events")) {
        request.destroy();
        resolve({ status, text });
      }
    });
    request.on("error", reject);
    request.end(body);
  });
}

const post = (place: string, value: unknown) =>
  ask("POST", `/__nonsticky/${place}`, {
    body: JSON.stringify(value),
    headers: { "content-type": "application/json" },
  });
const change = (switches: unknown) => post("switches", switches);
const act = (action: unknown) => post("act", action);

const seen = (holds: () => boolean, what: string, reader: InspectorReader) =>
  eventually(holds, () => `${what}: ${JSON.stringify(reader.events.slice(-20))}`, PATIENCE_MS);

describe("the stream of the inspector", () => {
  it("has not been told a single event while nobody listened", async () => {
    const socket = await join();
    for (let index = 0; index < 50; index += 1)
      await socket.timeout(PATIENCE_MS).emitWithAck("say", `${index}`);
    await runtime.idle();

    const reader = await read();
    await socket.timeout(PATIENCE_MS).emitWithAck("say", "heard");
    await seen(() => reader.of("packet").length > 0, "a packet", reader);

    expect(reader.hello["told"]).toBe(0);
    expect(reader.events[0]).toMatchObject({ n: 1 });
    expect(reader.hello["dropped"]).toBe(0);
  });

  it("tells the way of a packet: mailbox, instance, handler, table, posts", async () => {
    const [ada, bo] = [await join(), await join()];
    await runtime.idle();
    const reader = await read();

    await ada.timeout(PATIENCE_MS).emitWithAck("say", "hi");
    await seen(
      () => {
        const ended = new Set(reader.of("invocation.ended").map(({ invocation }) => invocation));
        const isOver = reader.of("packet").some(({ invocation }) => ended.has(invocation));
        return isOver && reader.of("table").length >= 2;
      },
      "the end of an invocation, and its queries",
      reader,
    );

    const [letter] = reader.of("letter").filter(({ texts }) => texts[0]?.includes('"say"') === true);
    expect(letter).toMatchObject({ kind: "frame", lane: "main", frames: 1, sid: sidOf(ada) });
    expect(letter?.texts[0]).toMatch(/^42\d+\["say","hi"\]$/);
    const id = letter?.letter ?? "";
    const [batch] = reader.of("batch").filter(({ letters }) => letters.some((one) => one.letter === id));
    expect(batch?.letters).toMatchObject([{ letter: id, receives: 1 }]);
    const { invocation } = batch!;
    const [started] = reader.of("invocation").filter((one) => one.invocation === invocation);
    expect(started).toMatchObject({ kind: "batch", function: "inbox" });
    expect(runtime.instances().map(({ pid }) => pid)).toContain(started?.pid);
    const [packet] = reader.of("packet").filter((one) => one.letter === id);
    expect(packet).toMatchObject({ invocation, pid: started?.pid, index: 0, handlers: [{ event: "say" }] });
    expect(packet?.replayMs).toBeGreaterThan(0);
    expect(packet?.ms).toBeGreaterThanOrEqual(packet?.replayMs ?? Infinity);
    const cause = { invocation, letter: id, index: 0 };
    const queries = reader.of("table").filter((one) => one.cause.letter === id);
    expect(queries).toMatchObject([
      { cause, action: "Query", keys: [`s#${sidOf(ada)} ~`], readUnits: 1, writeUnits: 0 },
      { cause, action: "Query", keys: ["room#1:/5:lobby"], readUnits: 1, writeUnits: 0 },
    ]);
    const posts = reader.of("post").filter((one) => one.cause?.letter === id);
    expect(posts.map(({ text, status }) => `${status} ${text}`).toSorted()).toEqual([
      '200 42["said","hi"]',
      '200 42["said","hi"]',
      expect.stringMatching(/^200 43\d+\[\]$/),
    ]);
    const [ended] = reader.of("invocation.ended").filter((one) => one.invocation === invocation);
    expect(ended?.outcome).toBe("answered");
    expect(bo.connected).toBe(true);
  });

  it("ties what two packets of one batch do to the one that did it", async () => {
    const [ada] = [await join(), await join()];
    await runtime.idle();
    const reader = await read();

    // The first is handled while the others come: they are one batch, then.
    ada.emit("slow", 300, () => undefined);
    const texts = Array.from({ length: 6 }, (_, index) => `of ${index}`);
    for (const text of texts) ada.emit("say", text);
    await seen(() => reader.of("packet").length >= 7, "seven packets", reader);

    const letters = new Map(
      reader.of("letter").map(({ letter, texts: [text = ""] }) => [letter, text] as const),
    );
    const said = reader.of("post").filter(({ text }) => text.startsWith('42["said"'));
    expect(said).toHaveLength(12);
    for (const { text, cause } of said) {
      expect(letters.get(cause?.letter ?? "")).toBe(text.replace("said", "say"));
    }
    expect(Math.max(...reader.of("batch").map((batch) => batch.letters.length))).toBeGreaterThan(1);
  });

  it("has lines of the log at the packet that wrote them, and polling requests with their frames", async () => {
    const reader = await read();
    const ada = await join(["polling"]);

    await ada.timeout(PATIENCE_MS).emitWithAck("grumble");
    await seen(
      () => reader.of("log").some(({ message }) => message.startsWith("grumbled")),
      "a line",
      reader,
    );

    const line = reader.of("log").find(({ message }) => message.startsWith("grumbled"));
    expect(line).toMatchObject({ message: "grumbled at a secret", function: "inbox" });
    const letter = reader.of("letter").find((one) => one.letter === line?.cause?.letter);
    expect(letter).toMatchObject({ kind: "payload", sid: sidOf(ada), cause: {} });
    await seen(
      () => reader.of("request").some(({ texts }) => texts.some((text) => /^43\d*\[\]$/.test(text))),
      "an answered GET",
      reader,
    );
  });

  it("never tells the environment, nor what is in a handshake", async () => {
    const reader = await read();
    const socket = connect(runtime.url, {
      transports: ["websocket"],
      forceNew: true,
      extraHeaders: { cookie: `session=${SECRET}` },
    });
    sockets.push(socket);
    await socket.timeout(PATIENCE_MS).emitWithAck("enter", "lobby");
    await socket.timeout(PATIENCE_MS).emitWithAck("grumble");
    await act({ action: "kill", pid: runtime.instances()[0]?.pid });
    await seen(() => reader.of("instance").some(({ state }) => state === "ended"), "an end", reader);
    const session = await ask("GET", `/__nonsticky/session?sid=${sidOf(socket)}`);

    expect(session).toMatchObject({ status: 200 });
    expect(JSON.parse(session.text)).toMatchObject({
      transport: "websocket",
      sockets: [{ nsp: "/", id: socket.id, rooms: ["lobby"], data: { room: '"lobby"' } }],
    });
    for (const text of [reader.text, session.text]) {
      expect(text).not.toContain(SECRET);
      expect(text).not.toMatch(/AWS_|SESSION_TOKEN|NONSTICKY_/);
    }
  });
});

describe("the inspector", () => {
  const page = { host: "localhost:3000", origin: "http://localhost:3000", "sec-fetch-site": "same-origin" };

  it.each([
    ["a name of somebody else's", { host: "evil.example" }, 403],
    ["an address of the network", { host: "192.168.1.5:3000" }, 403],
    ["a page of another origin", { host: "localhost:3000", origin: "http://evil.example" }, 403],
    ["a page of another port", { host: "localhost:3000", origin: "http://localhost:8080" }, 403],
    ["no page's own request", { host: "localhost:3000", "sec-fetch-site": "cross-site" }, 403],
    ["a sandboxed page", { host: "localhost:3000", origin: "null" }, 403],
    ["a tunnel", { host: "localhost:3000", "x-forwarded-for": "203.0.113.9" }, 403],
    ["its own page", page, 200],
    ["a program", { host: "127.0.0.1:3000" }, 200],
  ])("answers the stream to %s with %j: %i", async (_, headers, status) => {
    expect((await ask("GET", "/__nonsticky/events", { headers })).status).toBe(status);
  });

  it.each([
    ["another origin", { ...page, origin: "http://evil.example", "content-type": "application/json" }, 403],
    ["a form", { ...page, "content-type": "text/plain" }, 400],
    ["its own page", { ...page, "content-type": "application/json" }, 200],
  ])("lets switches be set by %s: %j: %i", async (_, headers, status) => {
    const body = JSON.stringify({ chaos: 0 });

    expect((await ask("POST", "/__nonsticky/switches", { headers, body })).status).toBe(status);
  });

  it.each([[{ chaos: 2 }], [{ freeze: 1 }], [{ env: "x" }], [{}], [[]], [null], [{ throttle: "all" }]])(
    "refuses %j as a switch",
    async (value) => {
      expect((await change(value)).status).toBe(400);
    },
  );

  it.each([[{ action: "kill", pid: 1 }], [{ action: "drop", connection: "x" }], [{ action: "exec" }], [[]]])(
    "refuses to do %j",
    async (value) => {
      expect((await act(value)).status).toBe(400);
    },
  );

  it("is not there where nobody asked for it", async () => {
    const plain = await startLocal({ app, log: () => undefined });
    try {
      const answer = await fetch(`${plain.url}/__nonsticky/events`);
      expect(answer.status).toBe(404);
      await answer.arrayBuffer();
    } finally {
      await plain.stop();
    }
  });
});

describe("the inspector's switches", () => {
  it("kill an instance", async () => {
    const reader = await read();
    const { pid } = runtime.instances().find(({ functionName }) => functionName === "inbox")!;

    expect((await act({ action: "kill", pid })).status).toBe(200);
    await seen(
      () => reader.of("instance").some((one) => one.pid === pid && one.state === "ended"),
      "its end",
      reader,
    );
    expect(reader.of("instance").find((one) => one.pid === pid)).toMatchObject({ reason: "signal: killed" });
  });

  it("freeze instances between events, and thaw them", async () => {
    const reader = await read();
    const socket = await join();
    const isStopped = (pid: number) => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));

    await change({ freeze: true });
    await socket.timeout(PATIENCE_MS).emitWithAck("say", "brr");
    await seen(() => reader.of("instance").some(({ state }) => state === "frozen"), "ice", reader);
    const { pid } = reader.of("instance").find(({ state }) => state === "frozen")!;
    await eventually(
      () => isStopped(pid),
      () => "stopped",
    );
    await change({ freeze: false });

    await eventually(
      () => !isStopped(pid),
      () => "running",
    );
    await socket.timeout(PATIENCE_MS).emitWithAck("say", "warm");
  });

  it("keep packets of a session from one process twice in a row", async () => {
    const socket = await join();
    await change({ antiAffinity: true });
    await socket.timeout(PATIENCE_MS).emitWithAck("say", "first");
    await runtime.idle();
    const reader = await read();
    for (let index = 0; index < 10; index += 1)
      await socket.timeout(PATIENCE_MS).emitWithAck("say", `${index}`);
    await seen(() => reader.of("packet").length >= 10, "ten packets", reader);

    const pids = reader.of("packet").map(({ pid }) => pid);
    expect(pids.filter((pid, index) => pid === pids[index - 1])).toEqual([]);
  });

  it("kill processes by chance", async () => {
    const reader = await read();
    const before = runtime.stats().kills;
    await change({ chaos: 1 });
    const socket = connect(runtime.url, { transports: ["websocket"], forceNew: true });
    sockets.push(socket);
    await seen(() => reader.of("instance").some(({ state }) => state === "ended"), "a kill", reader);

    expect(runtime.stats().kills).toBeGreaterThan(before);
    expect(reader.of("switches").at(-1)).toMatchObject({ chaos: 1 });
  });

  it("drop a client's network, and expire a connection", async () => {
    const [ada, bo] = [await join(), await join()];
    const reader = await read();
    const connections = reader.hello["connections"] as { connection: string; sid: string }[];
    const of = (socket: Socket) => connections.find(({ sid }) => sid === sidOf(socket))!.connection;
    const [adas, bos] = [of(ada), of(bo)];
    const reasons: string[] = [];
    for (const socket of [ada, bo]) socket.on("disconnect", (reason) => reasons.push(reason));

    await act({ action: "drop", connection: adas });
    await act({ action: "expire", connection: bos });

    await seen(() => reader.of("connection.dropped").length === 1, "a drop", reader);
    await seen(() => reader.of("connection.closed").length === 1, "an end", reader);
    expect(reader.of("connection.dropped")).toMatchObject([{ connection: adas }]);
    expect(reader.of("connection.closed")).toMatchObject([{ connection: bos, code: 1001 }]);
    await seen(() => reasons.length === 2, "both notice", reader);
  });

  it("throttle posts", async () => {
    const socket = await join();
    const reader = await read();
    await change({ throttle: 1 });
    socket.emit("say", "held");
    await seen(() => reader.of("post").some(({ status }) => status === 429), "a 429", reader);

    const heard = new Promise((resolve) => socket.once("said", resolve));
    await change({ throttle: 0 });
    expect(await heard).toBe("held");
  });

  it.each([["websocket"], ["polling"]])("repeat a packet of a client over %s", async (transport) => {
    const socket = await join([transport]);
    const heard: string[] = [];
    socket.on("said", (text: string) => heard.push(text));

    expect((await act({ action: "repeat", sid: sidOf(socket), text: '42["say","again"]' })).status).toBe(200);

    await eventually(
      () => heard.length > 0,
      () => "nothing heard",
      PATIENCE_MS,
    );
    expect(heard).toEqual(["again"]);
  });
});
