import { afterAll, beforeAll, describe, expect, it } from "vitest";
import io from "socket.io-client-v2";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { pause } from "../support/waiting.ts";
import { installForVersion2 } from "./version-2/install.ts";
import { playVersion2 } from "./version-2/play.ts";
import { version2Settings } from "./version-2/settings.ts";
import { Visitor } from "./version-2/visitor.ts";

let ours: LocalRuntime;
let official: RunningServer;

beforeAll(async () => {
  ours = await startOurs(import.meta.url, "./version-2/app.ts");
  official = await startOfficial(installForVersion2, version2Settings);
});

afterAll(async () => {
  await Promise.all([ours?.stop(), official?.stop()]);
});

describe("a client of Socket.IO 2", () => {
  // Without `forceBase64` a WebSocket carries bytes in binary frames, which API Gateway refuses.
  it.each([
    ["a WebSocket", { transports: ["websocket"], forceBase64: true }],
    ["polling", { transports: ["polling"] }],
    ["polling and the upgrade from it", { forceBase64: true }],
  ] as const)("sees over %s what it sees of the official server", async (_, options) => {
    const expected = await playVersion2(official.url, options);

    const seen = await playVersion2(ours.url, options);

    expect(seen).toEqual(expected);
    expect(seen["first"]).toContain('welcome ["<sid>",{},{"EIO":"3","token":"t"}]');
    expect(seen["custom"]).toContain('welcome ["/custom#<sid>",{"token":"c","x":"1"},"/custom"]');
  });

  it("keeps its session alive by its own pings, and moves to a WebSocket", async () => {
    const visitor = new Visitor(io(ours.url, { forceNew: true, reconnection: false }));
    await visitor.sees("welcome");
    let pongs = 0;
    visitor.socket.on("pong", () => (pongs += 1));

    // Its own clock: there is no other way to see what a stock client does with it.
    while (pongs < 3) await pause(50);

    expect(visitor.socket.io.engine.transport.name).toBe("websocket");
    await visitor.ask("still here");
    visitor.socket.disconnect();
  });
});
