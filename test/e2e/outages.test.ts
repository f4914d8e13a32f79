import { DeleteTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Faults } from "../../infra/local/faults.ts";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startFaultProxy, type FaultProxy } from "../support/fault-proxy.ts";
import { startOurs } from "../support/our-server.ts";
import { eventually } from "../support/waiting.ts";

const faults: Faults = {};
const lines: string[] = [];
let proxy: FaultProxy;
let runtime: LocalRuntime;
const sockets: Socket[] = [];

beforeAll(async () => {
  proxy = await startFaultProxy();
  runtime = await startOurs(import.meta.url, "./apps/outages.ts", {
    env: { AWS_ENDPOINT_URL_DYNAMODB: proxy.url },
    faults,
    log: (line) => lines.push(line),
  });
  proxy.target = runtime.dynamodbEndpoint;
}, 60_000);

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.disconnect();
});

afterAll(async () => {
  await runtime.stop();
  await proxy.stop();
});

/** A stock client, and what it was told. */
async function enter(transport: "websocket" | "polling") {
  const told: string[] = [];
  const socket = io(runtime.url, {
    transports: [transport],
    forceNew: true,
    reconnectionDelay: 200,
    reconnectionDelayMax: 400,
  });
  sockets.push(socket);
  socket.on("connect", () => told.push("connect"));
  socket.on("disconnect", (reason) => told.push(reason));
  socket.on("connect_error", ({ message }) => {
    if (told.at(-1) !== message) told.push(message);
  });
  await eventually(
    async () => (await echo(socket)) === "hello",
    () => `expected an echo, got ${told.join(", ")}`,
  );
  return { socket, told };
}

const echo = (socket: Socket): Promise<unknown> =>
  socket
    .timeout(2_000)
    .emitWithAck("echo", "hello")
    .catch(() => undefined);

/** Lines of our functions, as an operator finds them by their code. */
const linesOf = (code: string): readonly string[] =>
  lines.filter((line) => line.includes(`"code":"${code}"`));

/** What clients go through: their end, handshakes that fail, and, when it is over, a new connection. */
async function suffer(outage: {
  readonly begin: () => void | Promise<void>;
  readonly end: () => void;
  readonly endings: { readonly websocket: readonly string[]; readonly polling: readonly string[] };
}): Promise<void> {
  const transports = ["websocket", "polling"] as const;
  const clients = await Promise.all(transports.map(enter));
  lines.length = 0;
  await outage.begin();
  for (const { socket } of clients) socket.emit("echo", "into the void");

  for (const [index, { told }] of clients.entries()) {
    await eventually(
      () => told.length >= 3,
      () => `expected ${transports[index]} to end and to fail to come back, got ${told.join(", ")}`,
    );
  }
  outage.end();
  for (const [index, { told }] of clients.entries()) {
    await eventually(
      () => told.at(-1) === "connect",
      () => `expected ${transports[index]} to come back, got ${told.join(", ")}`,
    );
    const transport = transports[index]!;
    const [connected, ending, ...later] = told;
    expect(connected).toBe("connect");
    expect(outage.endings[transport]).toContain(ending);
    expect(later.some((message) => refusals[transport].includes(message))).toBe(true);
  }
}

/** How a stock client calls a handshake that fails; without a mailbox it is its first POST that does. */
const refusals = { websocket: ["websocket error"], polling: ["xhr poll error", "xhr post error"] };

const clean = {
  websocket: ["ping timeout", "transport close"],
  polling: ["transport error", "ping timeout"],
};

describe("a table that a function may not use, or cannot reach", () => {
  const stop = () => {
    proxy.onRefuse = () => undefined;
    proxy.onBefore = () => false;
  };
  afterEach(stop);

  it.each<[what: string, code: string, begin: () => void]>([
    [
      "denied to its role",
      "aws.access_denied",
      () => {
        proxy.onRefuse = ({ action }) => [
          "AccessDeniedException",
          `User: arn:aws:sts::1:assumed-role/chat is not authorized to perform: dynamodb:${action}`,
        ];
      },
    ],
    [
      "in another region than requests are signed for",
      "aws.bad_credentials",
      () => {
        proxy.onRefuse = () => [
          "InvalidSignatureException",
          "Credential should be scoped to a valid region, not 'us-east-1'.",
        ];
      },
    ],
    [
      "that nobody answers for",
      "aws.unreachable",
      () => {
        proxy.onBefore = () => true;
      },
    ],
  ])(
    "%s is named, and clients end cleanly and come back",
    async (_, code, begin) => {
      await suffer({ begin, end: stop, endings: clean });

      for (const name of ["connect", "poll", "inbox", "heartbeat"]) {
        const own = linesOf(code).filter((line) => line.startsWith(`[${name}]`));
        expect(own, `lines of ${name} with ${code}`).not.toEqual([]);
        for (const line of own) expect(line).toContain(`table ${runtime.tableName} (us-east-1)`);
      }
    },
    30_000,
  );
});

describe("a mailbox that was deleted", () => {
  it("is named by whoever sends to it; the gateway's own error ends a WebSocket", async () => {
    await suffer({
      begin: () => void (faults.missingQueue = true),
      end: () => (faults.missingQueue = false),
      // Documented: it is the gateway that answers the frame, with one of its own that is no Engine.IO.
      endings: { websocket: ["transport error"], polling: ["transport error"] },
    });

    expect(linesOf("aws.queue_missing").some((line) => line.startsWith("[poll]"))).toBe(true);
    expect(lines.some((line) => line.startsWith("integration of $default failed"))).toBe(true);
    expect(lines.some((line) => line.startsWith("integration of $connect failed"))).toBe(true);
  }, 30_000);
});

describe("a stage that was deleted under its clients", () => {
  it("is named by whoever posts to it, and clients on a WebSocket end by the silence", async () => {
    const { socket, told } = await enter("websocket");
    lines.length = 0;
    faults.deletedStage = true;
    socket.emit("echo", "into the void");

    await eventually(
      () => told.length >= 3,
      () => `expected the client to end and to be refused, got ${told.join(", ")}`,
    );
    faults.deletedStage = false;

    expect(told.slice(0, 3)).toEqual(["connect", "ping timeout", "websocket error"]);
    expect(linesOf("aws.post_refused").some((line) => line.startsWith("[heartbeat]"))).toBe(true);
  }, 30_000);
});

describe("a table that was deleted", () => {
  it("is named, and clients end cleanly and are refused from then on", async () => {
    const clients = await Promise.all([enter("websocket"), enter("polling")]);
    lines.length = 0;
    const client = new DynamoDBClient({
      endpoint: runtime.dynamodbEndpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "local", secretAccessKey: "local" },
    });
    await client.send(new DeleteTableCommand({ TableName: runtime.tableName }));
    client.destroy();
    for (const { socket } of clients) socket.emit("echo", "into the void");

    for (const { told } of clients) {
      await eventually(
        () => told.length >= 3,
        () => `expected the client to end and to be refused, got ${told.join(", ")}`,
      );
    }
    expect(clean.websocket).toContain(clients[0]?.told[1]);
    expect(clean.polling).toContain(clients[1]?.told[1]);
    for (const name of ["connect", "poll", "inbox", "heartbeat"]) {
      const own = linesOf("aws.table_missing").filter((line) => line.startsWith(`[${name}]`));
      expect(own, `lines of ${name}`).not.toEqual([]);
      for (const line of own) expect(line).toContain(`table ${runtime.tableName} (us-east-1)`);
    }
  }, 30_000);
});
