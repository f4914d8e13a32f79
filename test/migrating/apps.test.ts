import path from "node:path";
import { serve, TestingError } from "nonsticky/testing";
import { afterEach, describe, expect, it, vi } from "vitest";
import { diagnose } from "../../infra/doctor/doctor.ts";
import { Clients } from "../testing/clients.ts";
import { apps, type MigratedApp } from "./apps.ts";
import { play, startOfficially } from "./playing.ts";

const folder = path.join(import.meta.dirname, "apps");
const clients = new Clients();
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  clients.closeAll();
  for (const stop of stops.splice(0)) await stop();
  vi.restoreAllMocks();
});

/** On three instances that take turns. What the watch says, when the server is closed. */
async function playHere(file: string, { steps }: MigratedApp) {
  const server = await serve(file, { instances: 3, replace: ["socket.io"], watch: true });
  const answers = await play(server.url, steps, clients);
  const said = await server.close().then(
    () => "",
    (error: unknown) => {
      if (error instanceof TestingError && error.code === "testing.lost_variable") return error.message;
      throw error;
    },
  );
  return { answers, said };
}

const inApp = (file: string, line: number): string => `${path.basename(file)}:${line}`;

describe.each(Object.entries(apps))("%s", (_, app) => {
  const file = path.join(folder, app.file);
  const { lost = [], habits = [], fails, isOfProcess = false } = app;

  it(`${lost.length + habits.length === 0 ? "is no finding of" : "is found by"} the doctor`, () => {
    const findings = diagnose(file).map(({ file: found, line, pattern, name }) =>
      ["module-state", "listener-variable", "socket-map"].includes(pattern)
        ? `${inApp(found, line)} ${name.replace(/^(this|global)\./, "")}`
        : `${inApp(found, line)} ${pattern}`,
    );

    expect(findings.toSorted()).toEqual([...lost, ...habits].toSorted());
  });

  it(`${lost.length === 0 ? "runs untouched" : "is named by the watch, and answers otherwise than officially"}`, async () => {
    const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const { url, stop } = await startOfficially(file);
    stops.push(stop);
    const official = await play(url, app.steps, clients);

    const { answers, said } = await playHere(file, app);

    const named = said.split("\n").filter((line) => line !== "");
    const places = named.map((line) => {
      const [, where = "", number = "", name = ""] = /^(\S+):(\d+) (\S+) \(/.exec(line) ?? [];
      return `${inApp(where, Number(number))} ${name.split(".").at(-1)}`;
    });
    expect(places.toSorted()).toEqual([...lost].toSorted());
    if (fails !== undefined) expect(JSON.stringify(errors.mock.calls)).toContain(fails);
    else if (lost.length === 0 || isOfProcess) expect(answers).toEqual(official);
    else expect(answers).not.toEqual(official);
  });
});
