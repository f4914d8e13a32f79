import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findFreePort } from "../../scripts/free-port.ts";
import { localCredentials, localRegion, startDynalite } from "../support/dynalite.ts";
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

/** The command that people type, with nothing but their shell's path; ports of its own, for two may run at once. */
class Offline {
  readonly #process: ChildProcess;
  #output = "";

  constructor(ports: readonly number[], environment: Readonly<Record<string, string>>) {
    const [http, websocket, lambda] = ports.map(String);
    this.#process = spawn(
      path.join(root, "node_modules/.bin/serverless"),
      ["offline", "--httpPort", http!, "--websocketPort", websocket!, "--lambdaPort", lambda!],
      {
        cwd: root,
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on("data", (chunk: Buffer) => (this.#output += chunk.toString()));
    }
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<Offline> {
    const offline = new Offline(
      await Promise.all([findFreePort(), findFreePort(), findFreePort()]),
      environment,
    );
    running.push(offline);
    const isOver = () => offline.urls.length === 2 || offline.#process.exitCode !== null;
    await eventually(isOver, offline.explain, START_MS);
    expect(offline.urls, offline.explain()).toHaveLength(2);
    return offline;
  }

  readonly explain = (): string => `got ${this.#output}`;

  /** What it says of how clients connect: by polling, by a WebSocket. */
  get urls(): readonly string[] {
    return [...this.#output.matchAll(/^ready io\("([^"]+)"/gm)].map(([, url = ""]) => url);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill("SIGTERM");
    await within(once(this.#process, "close"), this.explain, PATIENCE_MS);
  }
}

const running: Offline[] = [];
const clients: Socket[] = [];
let offline: Offline;
const explain = () => offline.explain();

beforeAll(async () => {
  offline = await Offline.start();
}, START_MS);

afterAll(async () => {
  for (const client of clients) client.disconnect();
  for (const one of running) await one.stop();
});

async function connect(transport: "polling" | "websocket", { urls } = offline): Promise<Socket> {
  const [polling = "", websocket = ""] = urls;
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

it("keeps its rows in the table whose endpoint it is given", async () => {
  const dynalite = await startDynalite();
  const { endpoint } = dynalite;
  const table = new DynamoDBClient({ endpoint, region: localRegion, credentials: localCredentials });
  try {
    const other = await Offline.start({ AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint });
    const ada = await connect("polling", other);
    await enter(ada, "Ada");

    const { Count } = await table.send(new ScanCommand({ TableName: "nonsticky-dev-Table" }));

    expect(Count).toBeGreaterThan(3);
    ada.disconnect();
    await other.stop();
  } finally {
    table.destroy();
    await dynalite.stop();
  }
}, 120_000);
