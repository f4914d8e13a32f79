import type { Server as OfficialServer } from "socket.io";
import * as parser from "socket.io-msgpack-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { byDefault, overWebSocket } from "./arrivals.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { msgpack } from "./scenarios/msgpack.ts";
import { heartbeat } from "./settings.ts";

const options = { ...heartbeat, parser };

function createIo(): Server {
  const io = new Server(options);
  installApps(io as unknown as OfficialServer, msgpack);
  return io;
}

describe.each([overWebSocket, byDefault])(
  "a client with socket.io-msgpack-parser and $title sees the same from both servers",
  ({ options: arrival }) => {
    const arriving = { ...arrival, parser, forceBase64: true };
    let official: RunningServer;
    let ours: TestServer;

    beforeAll(async () => {
      official = await startOfficial((io) => installApps(io, msgpack), options);
      ours = await serve(createIo, { instances: 3 });
    });

    afterAll(async () => {
      await Promise.all([official?.stop(), ours?.close()]);
    });

    it.concurrent.each(msgpack)("$title", async (scenario) => {
      const expected = await play(scenario, official.url, arriving);

      const actual = await play(scenario, ours.url, arriving);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    });
  },
);
