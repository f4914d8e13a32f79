import type { Server as OfficialServer } from "socket.io";
import { io as connect } from "socket.io-client";
import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { describe, expect, it } from "vitest";
import { startOfficial } from "../support/official-server.ts";
import { heartbeat } from "./settings.ts";

const define = (io: OfficialServer): void => {
  io.on("connection", (socket) => {
    socket.on("three", () => {
      for (const number of [1, 2, 3]) socket.volatile.emit("volatile", number);
    });
    socket.on("behind", () => {
      socket.emit("first");
      socket.volatile.emit("volatile", "behind");
    });
    socket.on("end", (ack: () => void) => ack());
  });
};

/** What a client on a WebSocket hears of volatile events. */
async function hear(url: string): Promise<unknown[]> {
  const heard: unknown[] = [];
  const socket = connect(url, { transports: ["websocket"], forceNew: true, reconnection: false });
  socket.on("volatile", (value: unknown) => heard.push(value));
  try {
    await new Promise<void>((resolve) => socket.on("connect", resolve));
    for (const event of ["three", "behind"]) {
      socket.emit(event);
      await socket.emitWithAck("end");
    }
    return heard;
  } finally {
    socket.disconnect();
  }
}

describe("volatile events in the tick of another packet", () => {
  it("are dropped by the official server", async () => {
    const official = await startOfficial(define, heartbeat);

    const heard = await hear(official.url).finally(() => official.stop());

    expect(heard).toEqual([1]);
  });

  it("arrive from ours, which drops them when the gateway is busy", async () => {
    const ours = await serve(() => {
      const io = new Server(heartbeat);
      define(io as unknown as OfficialServer);
      return io;
    });

    const heard = await hear(ours.url).finally(() => ours.close());

    expect(heard).toEqual([1, 2, 3, "behind"]);
  });
});
