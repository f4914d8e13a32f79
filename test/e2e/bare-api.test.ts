import { io } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";

let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/bare-api.ts");
});

afterAll(() => runtime.stop());

/** Without the edge a client talks to the WebSocket API itself, whose only path is its stage. */
describe("a stock client of the bare WebSocket API", () => {
  it.each([
    ["with the options that docs/deploy.md names", { addTrailingSlash: false }],
    ["with the slash that it adds by itself", {}],
  ])("connects to the stage and is answered, %s", async (_, options) => {
    const socket = io(runtime.url, {
      path: `/${runtime.stage}`,
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
      ...options,
    });
    try {
      const answer: unknown = await socket.timeout(10_000).emitWithAck("echo", "through the stage");

      expect(answer).toBe("through the stage");
      expect(socket.io.engine.transport.name).toBe("websocket");
    } finally {
      socket.disconnect();
    }
  });

  it("is refused below the stage, where the API has nothing", async () => {
    const socket = io(runtime.url, {
      path: `/${runtime.stage}/socket.io`,
      transports: ["websocket"],
      forceNew: true,
      reconnection: false,
    });
    try {
      const error = await new Promise<Error>((resolve) => socket.once("connect_error", resolve));

      expect(error.message).toBe("websocket error");
    } finally {
      socket.disconnect();
    }
  });
});
