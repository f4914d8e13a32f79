import { describe, expect, it } from "vitest";
import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { startBothServers } from "./both-servers.ts";
import { byDefault } from "./arrivals.ts";
import { installApps } from "./install.ts";
import { play } from "./play.ts";
import { expiredRooms, recoveredRooms } from "./scenarios/recovered-rooms.ts";
import { recovery } from "./scenarios/recovery.ts";
import { heartbeat } from "./settings.ts";

/** The option is of the whole server, so these scenarios have servers of their own. */
const options = { ...heartbeat, connectionStateRecovery: {} };
const scenarios = [...recovery, ...recoveredRooms];

const OURS = /"[0-9a-z]{9}-[0-9a-z]{4}-[0-9a-f]{8}"/g;
/** Made by `yeast`: the time in base 64, and a number behind a dot. */
const OFFICIAL = /"(?:P|Q)[0-9A-Za-z_-]{6}(?:\.[0-9A-Za-z_-]+)?"/g;

/** Offsets differ from run to run. */
const withoutOffsets = (
  lanes: Record<string, readonly string[]>,
  offset: RegExp,
): Record<string, readonly string[]> =>
  Object.fromEntries(
    Object.entries(lanes).map(([lane, lines]) => [
      lane,
      lines.map((line) => line.replaceAll(offset, "<offset>")),
    ]),
  );

describe.each([
  { title: "on a WebSocket", arrival: undefined },
  { title: byDefault.title, arrival: byDefault.options },
])("a stock client with recovery sees the same from both servers, $title", ({ arrival }) => {
  const servers = startBothServers((io) => installApps(io, scenarios), options);

  it.concurrent.each(scenarios)("$title", async (scenario) => {
    const expected = withoutOffsets(await play(scenario, servers.official, arrival), OFFICIAL);

    const actual = withoutOffsets(await play(scenario, servers.ours, arrival), OURS);

    expect(JSON.stringify(expected)).toContain("<offset>");
    expect(actual).toEqual(expected);
  });
});

describe("a stock client that comes back too late sees the same from both servers", () => {
  const keptMs = 1_000;
  const late = expiredRooms(keptMs);
  const servers = startBothServers((io) => installApps(io, late), {
    ...heartbeat,
    connectionStateRecovery: { maxDisconnectionDuration: keptMs },
  });

  it.each(late)("$title", async (scenario) => {
    const expected = withoutOffsets(await play(scenario, servers.official), OFFICIAL);

    const actual = withoutOffsets(await play(scenario, servers.ours), OURS);

    expect(expected["a"]?.filter((line) => line.startsWith("connect"))).toEqual([
      "connect [false]",
      "connect [false]",
    ]);
    expect(actual).toEqual(expected);
  });
});

describe("a volatile event whose last argument is a text", () => {
  it("does not keep a client from being recovered, as it does with socket.io", async () => {
    const server = await serve(
      () => {
        const io = new Server(options);
        io.on("connection", (socket) => {
          socket.emit("ready");
          socket.on("whisper", () => void socket.volatile.emit("said", "a text"));
        });
        return io;
      },
      { instances: 3 },
    );
    try {
      const lanes = await play(
        {
          title: "volatile",
          app: () => undefined,
          script: async ({ client }) => {
            const guest = client("guest", { nsp: "/" });
            await guest.connects();
            await guest.hears("ready");
            guest.tell("whisper");
            await guest.hears("said");
            guest.socket.io.engine.close();
            await guest.isLost();
            guest.socket.connect();
            await guest.connects();
          },
        },
        server.url,
      );

      expect(lanes["guest"]?.filter((line) => line.startsWith("connect"))).toEqual([
        "connect [false]",
        "connect [true]",
      ]);
    } finally {
      await server.close();
    }
  });
});
