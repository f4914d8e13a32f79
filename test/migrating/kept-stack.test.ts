import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { startLocal } from "../../infra/local/local.ts";
import { Clients } from "../testing/clients.ts";
import { apps } from "./apps.ts";
import { play, startOfficially } from "./playing.ts";

const folder = path.join(import.meta.dirname, "apps");
const clients = new Clients();
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  clients.closeAll();
  for (const stop of stops.splice(0)) await stop();
});

const kept = Object.entries(apps).filter(
  ([, { lost = [], refused, isSloppy }]) => lost.length > 0 && refused === undefined && isSloppy !== true,
);

describe.each(kept)("%s, untouched on the local stack with --keep", (_, { file: name, steps, lost = [] }) => {
  it("answers as the official server does, on four processes that never run two packets of a client in a row and of which one ends behind each", async () => {
    const file = path.join(folder, name);
    const official = await startOfficially(file);
    stops.push(official.stop);
    const expected = await play(official.url, steps, clients);
    const lines: string[] = [];
    const runtime = await startLocal({
      app: file,
      replace: ["socket.io"],
      keep: true,
      instances: 4,
      antiAffinity: true,
      watch: true,
      log: (line) => void lines.push(line),
    });
    stops.push(() => runtime.stop());
    const killOne = async () => {
      await runtime.idle();
      const found = runtime.instances().find(({ functionName, busy }) => functionName === "inbox" && !busy);
      if (found !== undefined) runtime.kill(found.pid);
    };

    const answers = await play(runtime.url, steps, clients, { between: killOne, patienceMs: 30_000 });

    expect(answers).toEqual(expected);
    expect(runtime.stats().kills).toBeGreaterThanOrEqual(steps.length);
    expect(lines.filter((line) => / kept \S+ \(/.test(line))).toHaveLength(lost.length);
    expect(lines.filter((line) => /lost_variable|"level":"error"/.test(line))).toEqual([]);
  });
});
