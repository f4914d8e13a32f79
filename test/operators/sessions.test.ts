import { describe, expect, it } from "vitest";
import { endSessions } from "../../infra/operators/end-sessions.ts";
import { findSessions } from "../../infra/operators/find-sessions.ts";
import { parseSessionsOptions, type Filter } from "../../infra/operators/sessions-options.ts";
import { toAge, toDetails, toJsonLine, toTable } from "../../infra/operators/sessions-report.ts";
import { Rig } from "../support/rig.ts";

const startHall = (): { rig: Rig; heard: string[] } => {
  const heard: string[] = [];
  const rig = new Rig((io) => {
    io.of("/other");
    io.on("connection", (socket) => {
      socket.data.name = `name of ${socket.id}`;
      socket.on("enter", (room: string) => socket.join(room));
      socket.on("disconnect", (reason) => void heard.push(reason));
    });
  });
  return { rig, heard };
};

const find = async (rig: Rig, filter: Filter = {}) => {
  const found = [];
  for await (const session of findSessions(rig.store, filter, rig.clock.nowMs())) found.push(session);
  return found;
};
const idsOf = async (rig: Rig, filter?: Filter) => (await find(rig, filter)).map(({ id }) => id).sort();

describe("sessions of a stack", () => {
  it("are found by what is asked for, and all of it", async () => {
    const { rig } = startHall();
    const old = await rig.open();
    const oldId = await old.join();
    await old.join("/other");
    await rig.advance(15_000);
    const fresh = await rig.connect();
    await fresh.send('42["enter","hall"]');
    await rig.sweep();
    const both = [old.sid, fresh.sid].sort();

    expect(await idsOf(rig)).toEqual(both);
    expect(await idsOf(rig, { olderThanMs: 10_000 })).toEqual([old.sid]);
    expect(await idsOf(rig, { youngerThanMs: 10_000 })).toEqual([fresh.sid]);
    expect(await idsOf(rig, { namespace: "/other" })).toEqual([old.sid]);
    expect(await idsOf(rig, { room: "hall" })).toEqual([fresh.sid]);
    expect(await idsOf(rig, { room: "hall", namespace: "/other" })).toEqual([]);
    expect(await idsOf(rig, { room: "hall", olderThanMs: 10_000 })).toEqual([]);
    expect(await idsOf(rig, { transport: "websocket" })).toEqual(both);
    expect(await idsOf(rig, { transport: "polling" })).toEqual([]);
    expect(await idsOf(rig, { id: old.sid })).toEqual([old.sid]);
    expect(await idsOf(rig, { id: oldId })).toEqual([old.sid]);
    expect(await idsOf(rig, { id: "nobody" })).toEqual([]);
  });

  it("are shown with what is known of them", async () => {
    const { rig } = startHall();
    const client = await rig.open();
    const id = await client.join();
    await client.send('42["enter","hall\\u001b[2J"]');
    await rig.sweep();
    const sessions = await find(rig);
    const nowMs = rig.clock.nowMs() + 61_000;

    expect(toTable(sessions, nowMs).split("\n")).toEqual([
      "SESSION               AGE  TRANSPORT  ADDRESS    SOCKETS",
      `${client.sid}  1m   websocket  192.0.2.7  / (1 room)`,
    ]);
    expect(toDetails(sessions, nowMs)).toContain(`socket     ${id} of /\n    rooms    hall\\u{1b}[2J\n`);
    expect(JSON.parse(toJsonLine(sessions[0]!))).toMatchObject({
      ...{ id: client.sid, transport: "websocket", protocol: 4, openedAt: "2025-10-09T08:53:20.000Z" },
      sockets: [{ namespace: "/", id, rooms: ["hall\u001b[2J"], data: { name: `name of ${id}` } }],
    });
  });

  it("are ended by letters: handlers run, rooms are left, clients are told", async () => {
    const { rig, heard } = startHall();
    const client = await rig.connect();
    await client.send('42["enter","hall"]');
    const silent = await rig.open();
    await rig.sweep();
    const sessions = await find(rig);
    void client.received;
    const ending = endSessions({ store: rig.store, mailbox: rig.mailbox, clock: rig.clock }, sessions);
    await rig.settle();
    await rig.advance(1_000);

    expect(await ending).toEqual([]);
    expect(heard).toEqual(["server namespace disconnect"]);
    expect(client.received).toEqual(["41"]);
    expect([client.isClosed, silent.isClosed]).toEqual([true, true]);
    expect(await find(rig)).toEqual([]);
    expect(await rig.store.countMembers("/", "hall")).toBe(0);
  });

  it("that do not end are named after twenty seconds", async () => {
    const { rig } = startHall();
    await rig.connect();
    await rig.sweep();
    const sessions = await find(rig);
    const lost = { send: () => Promise.resolve() };
    const ending = endSessions({ store: rig.store, mailbox: lost, clock: rig.clock }, sessions);
    await rig.advance(20_000);

    expect(await ending).toEqual(sessions);
  });

  it("are not looked for in a table with other keys", async () => {
    const { rig } = startHall();
    const refusal = Object.assign(new Error("the provided key element does not match the schema"), {
      name: "ValidationException",
    });
    rig.store.listSweeps = () => Promise.reject(refusal);

    await expect(find(rig)).rejects.toThrow(
      /^expected the table of a nonsticky stack, got one with other keys: the p/,
    );
  });

  it("are not looked for in a table that no heartbeat has written to", async () => {
    const { rig } = startHall();

    await expect(find(rig)).rejects.toThrow(
      /^expected the table of a nonsticky stack, got one in which no heartbeat/,
    );
  });
});

it.each([
  [[], /^expected --table, got none/],
  [
    ["--table", "t", "--older-than", "soon"],
    /^expected --older-than to be a time like 90s, 10m or 1h, got soon$/,
  ],
  [["--table", "t", "--transport", "tcp"], /^expected --transport to be websocket or polling, got tcp$/],
  [["--table", "t", "--limit", "0"], /^expected --limit to be a whole number from 1, or all, got 0$/],
  [["--table", "t", "--yes"], /^expected --yes beside --end, got it alone$/],
  [["--table", "t", "--endpoint-url", "local"], /^expected --endpoint-url to be a URL/],
  [["--table", "t", "--delete"], /^expected the options below, got: Unknown option '--delete'/],
])("refuses %j", (args, message) => {
  expect(() => parseSessionsOptions(args, {})).toThrow(message);
});

it.each([
  [["--id", "-GEbNydHBshbm1MepydP", "--show"], { id: "-GEbNydHBshbm1MepydP" }],
  [["--id", "--bNydHBshbm1MepydPx"], { id: "--bNydHBshbm1MepydPx" }],
  [["--room", "-a=b", "--id=x", "--namespace", "-n"], { room: "-a=b", id: "x", namespace: "/-n" }],
])("takes ids and names that begin with a dash: %j", (args, filter) => {
  expect(parseSessionsOptions(["--table", "t", ...args], {}).filter).toMatchObject(filter);
});

it.each([[["--id", "--show"]], [["--id=x", "-y"]], [["--show", "-y"]]])(
  "takes no option for a value, and no value for nothing: %j",
  (args) => {
    expect(() => parseSessionsOptions(["--table", "t", ...args], {})).toThrow(/^expected the options below/);
  },
);

it("looks only, unless it is told to end", () => {
  expect(parseSessionsOptions([], { NONSTICKY_TABLE: "t" })).toMatchObject({
    ...{ table: "t", limit: 100, ends: false, isConfirmed: false, environment: {} },
  });
  expect(
    parseSessionsOptions(["--table", "t", "--region", "eu-west-1", "--older-than", "2h"], {}),
  ).toMatchObject({
    environment: { AWS_REGION: "eu-west-1" },
    filter: { olderThanMs: 7_200_000 },
  });
});

it.each([
  [59_999, "59s"],
  [60_000, "1m"],
  [3_660_000, "1h01m"],
])("calls %i ms %s", (ms, age) => {
  expect(toAge(ms)).toBe(age);
});
