import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Server as OfficialServer } from "socket.io";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { play } from "./play.ts";
import type { Stage } from "./scenario.ts";
import { heartbeat } from "./settings.ts";

/*
 * What a client is given that shows another offset than its own last one. Where the official server gives what was not
 * meant for that client, ours must be stricter, so the two are not compared but each is pinned.
 */

const options = { ...heartbeat, connectionStateRecovery: {} };
const A_MOMENT_MS = 300;
const pause = () => new Promise((resolve) => setTimeout(resolve, A_MOMENT_MS));

function club(io: OfficialServer): void {
  io.on("connection", (socket) => {
    socket.emit("ready");
    socket.on("enter", async (room: string, done: () => void) => {
      await socket.join(room);
      done();
    });
    socket.on("say", (room: string, text: string, done: () => void) => {
      io.to(room).emit("said", text);
      done();
    });
  });
}

/** Loses the guest's connection, and comes back with what `forge` makes of the offset it had last. */
async function comeBack(
  guest: ReturnType<Stage["client"]>,
  forge: (offset: string) => string,
  meanwhile: () => unknown = () => undefined,
): Promise<readonly unknown[]> {
  const { _lastOffset: offset } = guest.socket as unknown as { readonly _lastOffset: string };
  guest.socket.io.engine.close();
  await guest.isLost();
  await pause();
  await meanwhile();
  const heard: unknown[] = [];
  const listen = (name: string, text: unknown) => {
    if (name === "said") heard.push(text);
  };
  guest.socket.onAny(listen);
  guest.socket.auth = { offset: forge(offset) };
  guest.socket.connect();
  await guest.connects();
  await pause();
  return [guest.socket.recovered, ...heard];
}

const attempts: readonly {
  readonly title: string;
  readonly official: readonly unknown[];
  readonly ours: readonly unknown[];
  readonly attempt: (stage: Stage) => Promise<readonly unknown[]>;
}[] = [
  {
    title: "of no packet",
    official: [false],
    ours: [false],
    attempt: async ({ client }) => {
      const guest = client("guest", { nsp: "/" });
      await guest.hears("ready");
      await guest.ask("enter", "hall");
      await pause();
      return comeBack(guest, (offset) => `${offset.slice(0, -1)}${offset.endsWith("0") ? "1" : "0"}`);
    },
  },
  {
    title: "that somebody else heard before the client connected",
    official: [true, "before", "heard"],
    ours: [false],
    attempt: async ({ client }) => {
      const other = client("other", { nsp: "/" });
      const [shown] = await other.hears("ready");
      await other.ask("enter", "hall");
      await pause();
      await other.ask("say", "hall", "before");
      await pause();
      const guest = client("guest", { nsp: "/" });
      await guest.hears("ready");
      await guest.ask("enter", "hall");
      await pause();
      await other.ask("say", "hall", "heard");
      await guest.hears("said");
      return comeBack(guest, () => String(shown));
    },
  },
  {
    title: "of its own, from before it joined a room",
    official: [true, "before", "missed"],
    ours: [true, "missed"],
    attempt: async ({ client }) => {
      const other = client("other", { nsp: "/" });
      await other.hears("ready");
      const guest = client("guest", { nsp: "/" });
      await guest.hears("ready");
      await pause();
      await other.ask("say", "hall", "before");
      await pause();
      await guest.ask("enter", "hall");
      await pause();
      return comeBack(
        guest,
        (offset) => offset,
        () => other.ask("say", "hall", "missed"),
      );
    },
  },
];

describe.each(["official", "ours"] as const)("an offset that is shown to the server, %s", (who) => {
  let official: RunningServer | undefined;
  let ours: TestServer | undefined;

  beforeAll(async () => {
    if (who === "official") official = await startOfficial(club, options);
    else {
      const createIo = () => {
        const io = new Server(options);
        club(io as unknown as OfficialServer);
        return io;
      };
      ours = await serve(createIo, { instances: 3 });
    }
  });

  afterAll(async () => {
    await Promise.all([official?.stop(), ours?.close()]);
  });

  it.each(attempts)("$title", async ({ attempt, ...expected }) => {
    let outcome: readonly unknown[] = [];
    const script = async (stage: Stage) => void (outcome = await attempt(stage));

    await play({ title: "forged", app: () => undefined, script }, (official ?? ours)!.url);

    expect(outcome).toEqual(expected[who]);
  });
});
