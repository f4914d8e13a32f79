import { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import type { Socket } from "socket.io-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { install, type Community } from "../../examples/community/app.ts";
import type { Message, Person } from "../../examples/community/events.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { eventually } from "../support/waiting.ts";
import { Clients, next } from "../testing/clients.ts";

const options = { connectionStateRecovery: {} };
const clients = new Clients();

/** A tab of somebody's, which writes down what it hears. `marks`: whether it tells that it shows a whisper. */
function open(url: string, userId: string, { marks = true } = {}) {
  const socket = clients.connect(url, {
    auth: { userId, name: `${userId}!` },
    transports: ["websocket"],
  });
  const heard: unknown[][] = [];
  socket.on("people", (people: Person[]) => heard.push(["people", ...people.map(({ name }) => name)]));
  socket.on("came", ({ name }: Person) => heard.push(["came", name]));
  socket.on("went", (id: string) => heard.push(["went", id]));
  socket.on("said", ({ from, text }: Message) => heard.push(["said", from.name, text]));
  socket.on("typing", (id: string, isTyping: boolean) => heard.push(["typing", id, isTyping]));
  socket.on("whispered", ({ from, text }: Message, ack: unknown) => {
    heard.push(["whispered", from.name, text]);
    if (typeof ack === "function") (ack as (seen: boolean) => void)(marks);
  });
  /** What was heard since the last time, as soon as it is so much. */
  const hears = async (...expected: unknown[][]) => {
    await eventually(
      () => heard.length >= expected.length,
      () => `expected ${JSON.stringify(expected)}, got ${JSON.stringify(heard)}`,
    );
    expect(heard.splice(0)).toEqual(expected);
  };
  return { socket, heard, hears };
}

const ask = (socket: Socket, event: string, ...args: unknown[]): Promise<unknown> =>
  socket.timeout(5_000).emitWithAck(event, ...args) as Promise<unknown>;

async function startOurs(): Promise<RunningServer> {
  const create = () => {
    const io: Community = new Server(options);
    install(io);
    return io;
  };
  const server = await serve(create, { instances: 3 });
  return { url: server.url, stop: () => server.close() };
}

const startTheirs = () => startOfficial((io) => install(io as unknown as Community), options);

describe.each([
  { on: "three instances of ours", start: startOurs },
  { on: "the official server", start: startTheirs },
])("the community on $on", ({ start }) => {
  let server: RunningServer | undefined;

  afterEach(async () => {
    clients.closeAll();
    await server?.stop();
    server = undefined;
    vi.restoreAllMocks();
  });

  it("shows who is here, once a person, however many tabs", async () => {
    const { url } = (server = await start());

    const ada = open(url, "ada");
    await ada.hears(["people", "ada!"]);
    const bob = open(url, "bob");
    await bob.hears(["people", "ada!", "bob!"]);
    await ada.hears(["came", "bob!"]);
    const again = open(url, "bob");
    await again.hears(["people", "ada!", "bob!"]);
    again.socket.close();
    expect(await ask(bob.socket, "say", "still here")).toEqual({ ok: true });
    await ada.hears(["said", "bob!", "still here"]);
    bob.socket.close();
    await ada.hears(["went", "bob"]);
  });

  it("passes on what is said and typed, and answers what it cannot", async () => {
    const { url } = (server = await start());
    const [ada, bob] = [open(url, "ada"), open(url, "bob")];
    await eventually(
      () => ada.socket.connected && bob.socket.connected,
      () => "expected to be connected",
    );
    expect(await ask(ada.socket, "say", " ")).toEqual({ ok: false, error: "say something" });

    bob.socket.emit("typing", true);
    expect(await ask(ada.socket, "say", " hello ")).toEqual({ ok: true });

    const told: unknown[] = [];
    for (const name of ["typing", "said"]) ada.socket.on(name, () => told.push(name));
    expect(await ask(bob.socket, "say", "hi")).toEqual({ ok: true });
    await eventually(
      () => told.includes("said"),
      () => "expected to hear it",
    );
  });

  it("tells who whispers how many tabs have shown it", async () => {
    const { url } = (server = await start());
    const ada = open(url, "ada");
    await ada.hears(["people", "ada!"]);
    const bob = open(url, "bob");
    await bob.hears(["people", "ada!", "bob!"]);
    const hidden = open(url, "bob", { marks: false });
    await hidden.hears(["people", "ada!", "bob!"]);

    expect(await ask(ada.socket, "whisper", "bob", "psst")).toEqual({ ok: true, read: 1 });

    await bob.hears(["whispered", "ada!", "psst"]);
    await hidden.hears(["whispered", "ada!", "psst"]);
    const nobody = { ok: false, error: "nobody of that name is here" };
    expect(await ask(ada.socket, "whisper", "carl", "psst")).toEqual(nobody);
  });

  it("gives a client that was away what it missed", async () => {
    const warnings = vi.spyOn(console, "warn");
    const { url } = (server = await start());
    const ada = open(url, "ada");
    await ada.hears(["people", "ada!"]);
    const bob = open(url, "bob");
    await bob.hears(["people", "ada!", "bob!"]);
    await ada.hears(["came", "bob!"]);
    const { id } = ada.socket;

    ada.socket.io.engine.close();
    await bob.hears(["went", "ada"]);
    expect(await ask(bob.socket, "say", "gone?")).toEqual({ ok: true });
    const connected = next(ada.socket, "connect");
    ada.socket.connect();
    await connected;

    expect({ recovered: ada.socket.recovered, id: ada.socket.id }).toEqual({ recovered: true, id });
    await bob.hears(["said", "bob!", "gone?"], ["came", "ada!"]);
    // What was sent last before it went may come once more.
    const missed = () => ada.heard.filter(([event]) => event !== "people" && event !== "came");
    await eventually(
      () => missed().length >= 2,
      () => `expected two events, got ${JSON.stringify(ada.heard)}`,
    );
    expect(missed()).toEqual([
      ["went", "ada"],
      ["said", "bob!", "gone?"],
    ]);
    expect(await ask(bob.socket, "whisper", "ada", "welcome back")).toEqual({ ok: true, read: 1 });
    expect(warnings).not.toHaveBeenCalled();
  });

  it("refuses who does not say who it is, and tells what it wants", async () => {
    const { url } = (server = await start());
    const stranger = clients.connect(url, { transports: ["websocket"] });

    const [error] = await next(stranger, "connect_error");

    expect(error).toMatchObject({ message: "who are you?", data: { expected: ["userId", "name"] } });
  });
});
