import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";

let runtime: LocalRuntime;
const sockets: Socket[] = [];

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/direct.ts", { ordering: "direct" });
});

afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await runtime.stop();
});

async function connect(transport: "polling" | "websocket"): Promise<Socket> {
  const socket = io(runtime.url, { transports: [transport], forceNew: true, reconnection: false });
  sockets.push(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", () => resolve());
    socket.once("connect_error", reject);
  });
  return socket;
}

const next = (socket: Socket, event: string): Promise<unknown> =>
  new Promise((resolve) => socket.once(event, resolve));

/** The stack without its queue, on the real functions. */
describe("direct ordering", { timeout: 90_000 }, () => {
  it.each(["polling", "websocket"] as const)("acknowledges over %s", async (transport) => {
    const socket = await connect(transport);

    expect(await socket.timeout(60_000).emitWithAck("echo", "here")).toBe("here");
  });

  it("disconnects a client that another one throws out", async () => {
    const [one, other] = [await connect("websocket"), await connect("websocket")];
    const lost = next(other, "disconnect");

    one.emit("throw out", other.id);

    expect(await lost).toBe("io server disconnect");
  });

  it("notices a client whose network has died", async () => {
    const witness = await connect("websocket");
    const before = new Set(runtime.gateway.connections().map(({ connectionId }) => connectionId));
    await connect("websocket");
    const lost = runtime.gateway.connections().find(({ connectionId }) => !before.has(connectionId));
    const left = next(witness, "left");

    runtime.gateway.dropNetwork(lost?.connectionId ?? "");

    expect(await left).toBe("ping timeout");
  });
});
