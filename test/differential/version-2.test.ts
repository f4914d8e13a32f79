import { describe, expect, it } from "vitest";
import io from "socket.io-client-v2";
import { startBothServers } from "./both-servers.ts";
import { installForVersion2 } from "./version-2/install.ts";
import { playVersion2 } from "./version-2/play.ts";
import { version2Settings } from "./version-2/settings.ts";
import { Visitor } from "./version-2/visitor.ts";

const servers = startBothServers(installForVersion2, version2Settings);

describe("a client of Socket.IO 2", () => {
  // Without `forceBase64` a WebSocket carries bytes in binary frames, which API Gateway refuses.
  it.each([
    ["a WebSocket", { transports: ["websocket"], forceBase64: true }],
    ["polling", { transports: ["polling"] }],
    ["polling and the upgrade from it", { forceBase64: true }],
  ] as const)("sees over %s what it sees of the official server", async (_, options) => {
    const expected = await playVersion2(servers.official, options);

    const seen = await playVersion2(servers.ours, options);

    expect(seen).toEqual(expected);
    expect(seen["first"]).toContain('welcome ["<sid>",{},{"EIO":"3","token":"t"}]');
    expect(seen["custom"]).toContain('welcome ["/custom#<sid>",{"token":"c","x":"1"},"/custom"]');
  });

  it("keeps its session alive by its own pings, and moves to a WebSocket", async () => {
    const visitor = new Visitor(io(servers.ours, { forceNew: true, reconnection: false }));
    await visitor.sees("welcome");

    // By its own clock: there is no other way to see what a stock client does with it.
    for (let pongs = 0; pongs < 3; pongs += 1) {
      await new Promise<void>((resolve) => visitor.socket.once("pong", () => resolve()));
    }

    expect(visitor.socket.io.engine.transport.name).toBe("websocket");
    await visitor.ask("still here");
    visitor.socket.disconnect();
  });
});
