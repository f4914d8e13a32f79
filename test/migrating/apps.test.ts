import { createRequire } from "node:module";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { serve, TestingError } from "nonsticky/testing";
import type { Server as OfficialServer } from "socket.io";
import type { Socket } from "socket.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { diagnose } from "../../infra/doctor/doctor.ts";
import { Clients } from "../testing/clients.ts";
import { apps, type MigratedApp, type Step } from "./apps.ts";

const folder = path.join(import.meta.dirname, "apps");
const clients = new Clients();
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  clients.closeAll();
  for (const stop of stops.splice(0)) await stop();
  vi.restoreAllMocks();
});

/** The answers, in order; for a step that fails, that it did. */
async function play(url: string, steps: readonly Step[]): Promise<readonly unknown[]> {
  const connect = (name: string) => clients.connect(url, { auth: { name }, transports: ["websocket"] });
  const [ada, bob] = [connect("ada"), connect("bob")];
  await Promise.all([ada, bob].map(connected));
  const answers: unknown[] = [];
  for (const [client, event, ...args] of steps) {
    const socket = client === "ada" ? ada : bob;
    const given = args.map((arg) => (arg === "<bob>" ? bob.id : arg));
    answers.push(
      await socket
        .timeout(3_000)
        .emitWithAck(event, ...given)
        .catch(() => "no answer"),
    );
  }
  clients.closeAll();
  return answers;
}

const connected = (socket: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });

/** As it is, in this process: it listens where it likes. */
async function startOfficially(file: string): Promise<string> {
  const module = file.endsWith(".mjs")
    ? ((await import(/* @vite-ignore */ pathToFileURL(file).href)) as { io: OfficialServer })
    : (createRequire(file)(file) as { io: OfficialServer });
  const { httpServer } = module.io;
  if (!httpServer.listening) await once(httpServer, "listening");
  stops.push(() => module.io.close());
  return `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
}

/** On three instances that take turns. What the watch says, when the server is closed. */
async function playHere(file: string, { steps }: MigratedApp) {
  const server = await serve(file, { instances: 3, replace: ["socket.io"], watch: true });
  const answers = await play(server.url, steps);
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
    const official = await play(await startOfficially(file), app.steps);

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
