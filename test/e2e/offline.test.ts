import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually, within } from "../support/waiting.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const START_MS = 60_000;
/** serverless-offline loads a function's module in each of its workers anew. */
const PATIENCE_MS = 15_000;

interface Answer {
  readonly ok: boolean;
  readonly people: Readonly<Record<string, readonly { readonly nickname: string }[]>>;
}

interface Leaver {
  readonly id: string;
  readonly nickname: string;
}

let offline: ChildProcess;
let output = "";
const clients: Socket[] = [];
const explain = () => `got ${output}`;

beforeAll(async () => {
  offline = spawn(
    process.execPath,
    [
      ...["--import", "tsx", "--conditions=nonsticky-source", "scripts/offline.ts"],
      ...["--http-port", "0", "--websocket-port", "0"],
    ],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  for (const stream of [offline.stdout, offline.stderr]) {
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  await eventually(() => urls().length === 2 || offline.exitCode !== null, explain, START_MS);
  expect(urls(), explain()).toHaveLength(2);
}, START_MS);

afterAll(async () => {
  for (const client of clients) client.disconnect();
  if (offline.exitCode === null) {
    offline.kill("SIGTERM");
    await within(once(offline, "close"), explain, PATIENCE_MS);
  }
});

const urls = (): readonly string[] =>
  [...output.matchAll(/^ready io\("([^"]+)"/gm)].map(([, url = ""]) => url);

async function connect(transport: "polling" | "websocket"): Promise<Socket> {
  const [polling = "", websocket = ""] = urls();
  const url = transport === "polling" ? polling : websocket;
  const client = io(url, { transports: [transport], forceNew: true, reconnection: false });
  clients.push(client);
  const connected = new Promise<void>((resolve, reject) =>
    client.once("connect", resolve).once("connect_error", reject),
  );
  await within(connected, explain, PATIENCE_MS);
  return client;
}

const enter = (client: Socket, nickname: string): Promise<Answer> =>
  client.timeout(PATIENCE_MS).emitWithAck("enter", nickname, ["kitchen"]) as Promise<Answer>;

const heard = (client: Socket, event: string): Promise<unknown> =>
  within(new Promise((resolve) => client.once(event, resolve)), explain, PATIENCE_MS);

/** Whatever else it hears, and however often: two packets of a goodbye may be handled at once. */
const heardLeaving = (client: Socket, id: string | undefined): Promise<Leaver> =>
  within(
    new Promise<Leaver>((resolve) => {
      client.on("left", (_room: string, leaver: Leaver) => {
        if (leaver.id === id) resolve(leaver);
      });
    }),
    explain,
    PATIENCE_MS,
  );

const text = (id: number, words: string) => ({ id: `00000000-0000-4000-8000-00000000000${id}`, text: words });

it("serves a room of stock clients, two over WebSockets and one that polls", async () => {
  const ada = await connect("websocket");
  const bob = await connect("websocket");
  const cleo = await connect("polling");
  const first = await enter(ada, "Ada");
  await enter(bob, "Bob");
  const last = await enter(cleo, "Cleo");
  expect(first.people["kitchen"]).toMatchObject([{ nickname: "Ada" }]);
  expect(last.people["kitchen"]!.map(({ nickname }) => nickname).sort()).toEqual(["Ada", "Bob", "Cleo"]);

  const everybodyElse = Promise.all([heard(bob, "message"), heard(cleo, "message")]);
  const said: unknown = await ada.timeout(PATIENCE_MS).emitWithAck("say", "kitchen", text(1, "hello"));
  const message = { room: "kitchen", text: "hello", from: { id: ada.id, nickname: "Ada" } };
  expect(said).toMatchObject({ ok: true });
  expect(await everybodyElse).toMatchObject([message, message]);

  const onWebSockets = Promise.all([heard(ada, "message"), heard(bob, "message")]);
  await cleo.timeout(PATIENCE_MS).emitWithAck("say", "kitchen", text(2, "good day"));
  expect(await onWebSockets).toMatchObject([{ text: "good day" }, { text: "good day" }]);
}, 60_000);

it("runs the handlers of a client that leaves", async () => {
  const ada = await connect("websocket");
  await enter(ada, "Ada");

  for (const transport of ["websocket", "polling"] as const) {
    const leaver = await connect(transport);
    await enter(leaver, "Dan");
    const left = heardLeaving(ada, leaver.id);
    leaver.disconnect();

    expect(await left).toMatchObject({ nickname: "Dan" });
  }
}, 60_000);
