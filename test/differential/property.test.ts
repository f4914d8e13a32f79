import fc from "fast-check";
import type { Server as OfficialServer } from "socket.io";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { installInterpreter, playProgram, program, type Player, type Program } from "./program.ts";
import { heartbeat } from "./settings.ts";

const RUNS = 60;
/** The same programs every time. */
const SEED = 4_062_026;

/** Ours, of three instances that take turns. */
const serveInterpreter = (options?: Parameters<typeof installInterpreter>[1]): Promise<TestServer> =>
  serve(
    () => {
      const io = new Server(heartbeat);
      installInterpreter(io as unknown as OfficialServer, options);
      return io;
    },
    { instances: 3 },
  );

describe("any program of joins, leaves, emits and disconnects", () => {
  let official: RunningServer;
  let ours: TestServer;
  let faulty: TestServer;
  let runs = 0;

  beforeAll(async () => {
    [official, ours, faulty] = await Promise.all([
      startOfficial((io) => installInterpreter(io), heartbeat),
      serveInterpreter(),
      serveInterpreter({ ignoresExcept: true }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([official?.stop(), ours?.close(), faulty?.close()]);
  });

  const isSameOn = (player: () => Player) =>
    fc.asyncProperty(program, async (one: Program) => {
      const run = String(runs++);
      // What it does, it has done when it answers.
      const reference = { url: official.url, settled: () => Promise.resolve() };

      const [expected, actual] = await Promise.all([
        playProgram(reference, one, run),
        playProgram(player(), one, run),
      ]);

      expect(actual).toEqual(expected);
    });

  it("is heard by every client as from the official server", { timeout: 60_000 }, async () => {
    await fc.assert(
      isSameOn(() => ours),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it("tells a server apart that takes no notice of except", { timeout: 60_000 }, async () => {
    const result = await fc.check(
      isSameOn(() => faulty),
      { numRuns: RUNS, seed: SEED, endOnFailure: true },
    );

    expect(result.failed).toBe(true);
    expect(String(result.errorInstance)).toContain("to deeply equal");
  });
});
