import * as parser from "socket.io-msgpack-parser";
import { describe, expect, it } from "vitest";
import { startBothServers } from "./both-servers.ts";
import { byDefault, overWebSocket } from "./arrivals.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { msgpack } from "./scenarios/msgpack.ts";
import { heartbeat } from "./settings.ts";

const options = { ...heartbeat, parser };

describe.each([overWebSocket, byDefault])(
  "a client with socket.io-msgpack-parser and $title sees the same from both servers",
  ({ options: arrival }) => {
    const arriving = { ...arrival, parser, forceBase64: true };
    const servers = startBothServers((io) => installApps(io, msgpack), options);

    it.concurrent.each(msgpack)("$title", async (scenario) => {
      const expected = await play(scenario, servers.official, arriving);

      const actual = await play(scenario, servers.ours, arriving);

      expect(Object.values(expected).flat()).not.toHaveLength(0);
      expect(actual).toEqual(expected);
    });
  },
);
