import { describe, expect, it } from "vitest";
import { instrument, type InstrumentOptions } from "../../lib/admin.ts";
import { KNOWN_FOR_MS } from "../../lib/admin/watchers.ts";
import { Rig, type Client, type RigOptions } from "../support/rig.ts";

type Told = [event: string, ...args: unknown[]];

const startHall = (options: RigOptions = {}, admin: Partial<InstrumentOptions> = {}): Rig =>
  new Rig((io) => {
    instrument(io, { auth: false, mode: "development", ...admin });
    io.on("connection", (socket) => {
      socket.on("nothing", () => undefined);
      socket.on("enter", (room: string) => socket.join(room));
      socket.on("say", (text: unknown) => void io.emit("said", text));
      socket.on("remember", (value: unknown) => (socket.data.value = value));
      socket.on("gather", (count: number) =>
        io.socketsJoin(Array.from({ length: count }, (_, number) => `room-${number}`)),
      );
    });
  }, options);

/** What the page was told since it was last asked. */
const toldTo = (page: Client): Told[] =>
  page.received
    .filter((frame) => frame.startsWith("42/admin,"))
    .map((frame) => JSON.parse(frame.slice("42/admin,".length)) as Told);
const namesOf = (told: readonly Told[]) => told.map(([name]) => name);
const callsTo = (rig: Rig, name: string, index = 0) =>
  rig.instances[index]!.life.calls.filter((call) => call.endsWith(name)).length;

describe("an app that nobody looks at", () => {
  it("is asked whether somebody does once in five seconds, however many packets come", async () => {
    const rig = startHall();
    const client = await rig.connect();
    expect(callsTo(rig, "listRoomMembers")).toBe(1);

    await client.send(...Array.from({ length: 20 }, () => '42["nothing"]'));
    expect(callsTo(rig, "listRoomMembers")).toBe(1);

    await rig.advance(KNOWN_FOR_MS);
    await client.send('42["nothing"]', '42["nothing"]');
    expect(callsTo(rig, "listRoomMembers")).toBe(2);
  });

  it("asks no more often while the table is out of reach, and its handlers run", async () => {
    const rig = startHall();
    const client = await rig.connect();
    await rig.advance(KNOWN_FOR_MS);
    let asked = 0;
    rig.instances[0]!.runtime.store.listRoomMembers = () => {
      asked += 1;
      throw new Error("out of reach");
    };
    for (let packet = 0; packet < 5; packet++) await client.send('42["remember",1]');

    expect(asked).toBe(1);
    expect(
      rig.logs.filter(({ level }) => level !== "info").map(({ level, message }) => [level, message]),
    ).toEqual([["warn", "those who look at the deployment could not be told what has happened"]]);
  });
});

describe("a page", () => {
  it("hears what happens on an instance that thought nobody looked, from when that looks again", async () => {
    const rig = startHall({ instances: 2 });
    const client = await rig.connect();
    await client.send('42["nothing"]');
    const page = await rig.connect("/admin");
    await rig.advance(0);
    void page.received;

    // Both instances have known since before it came that nobody looked, and one has let it in.
    await client.send('42["enter","a"]');
    await client.send('42["enter","b"]');
    const missed = 2 - namesOf(toldTo(page)).filter((name) => name === "room_joined").length;
    expect(missed).toBe(1);

    await rig.advance(KNOWN_FOR_MS);
    const [, sockets] = toldTo(page).find(([name]) => name === "all_sockets") ?? [];
    const rooms = (sockets as { nsp: string; rooms: string[] }[]).find(({ nsp }) => nsp === "/")?.rooms;
    expect(rooms?.slice(1)).toEqual(["a", "b"]);

    await client.send('42["enter","c"]');
    await client.send('42["enter","d"]');
    expect(namesOf(toldTo(page)).filter((name) => name === "room_joined")).toHaveLength(2);
  });

  it("learns no session id, only a digest of it", async () => {
    const rig = startHall();
    const page = await rig.connect("/admin");
    const client = await rig.connect();
    await rig.advance(KNOWN_FOR_MS);
    const text = JSON.stringify(toldTo(page));

    expect(text).toContain("clientId");
    expect(text).not.toContain(client.sid.slice(0, 12));
  });

  it("is told of a hundred at once, and then how everything is", async () => {
    const rig = startHall();
    const client = await rig.connect();
    const page = await rig.connect("/admin");
    await rig.advance(KNOWN_FOR_MS + 5_000);
    void page.received;
    await client.send('42["gather",150]');
    await rig.advance(KNOWN_FOR_MS);
    await client.send('42["nothing"]');
    const told = toldTo(page);

    expect(namesOf(told).filter((name) => name === "room_joined").length).toBeLessThanOrEqual(100);
    const [, sockets] = told.findLast(([name]) => name === "all_sockets") ?? [];
    expect(
      (sockets as { nsp: string; rooms: string[] }[]).find(({ nsp }) => nsp === "/")?.rooms,
    ).toHaveLength(151);
  });

  it("hears of an event that is too long for a post by its name", async () => {
    const rig = startHall();
    const client = await rig.connect();
    const page = await rig.connect("/admin");
    await rig.advance(KNOWN_FOR_MS);
    void page.received;
    const long = "x".repeat(131_000);
    await client.send(JSON.stringify(["say", long]).replace(/^/, "42"));

    expect(toldTo(page).filter(([name]) => name === "event_received")).toEqual([
      ["event_received", "/", expect.any(String), ["say"], expect.any(String)],
    ]);
  });

  it("is told by the heartbeat's process how many there are, for as long as it looks", async () => {
    const rig = startHall();
    await rig.connect();
    const page = await rig.connect("/admin");
    await rig.advance(KNOWN_FOR_MS);
    void page.received;
    await rig.instances[0]!.app.onMinute?.();
    await rig.advance(20_000);
    const stats = toldTo(page).filter(([name]) => name === "server_stats");

    expect(stats.length).toBeGreaterThanOrEqual(4);
    expect(stats.at(-1)?.[1]).toMatchObject({
      ...{ serverId: "nonsticky", hostname: null, pid: null, uptime: null },
      ...{ clientsCount: 2, pollingClientsCount: 0 },
      namespaces: [
        { name: "/", socketsCount: 1 },
        { name: "/admin", socketsCount: 1 },
      ],
    });

    await page.leave();
    const reads = callsTo(rig, "listBeats");
    await rig.advance(60_000);
    expect(callsTo(rig, "listBeats")).toBeLessThanOrEqual(reads + 1);
  });

  it("gets nothing that its client would take for an offset, with recovery", async () => {
    const rig = startHall({ connectionStateRecovery: {} });
    const client = await rig.connect();
    const page = await rig.connect("/admin");
    await rig.advance(KNOWN_FOR_MS);
    void page.received;
    await client.send('42["enter","a"]');

    expect(toldTo(page).map((told) => typeof told.at(-1))).not.toContain("string");
  });
});

it.each([
  ["without auth", {}, "config.bad_option"],
  [
    "with a password that is no hash",
    { auth: { type: "basic", username: "a", password: "changeit" } },
    "config.bad_option",
  ],
  ["with another kind of auth", { auth: { type: "digest" } }, "config.bad_option"],
  ["with the main namespace", { auth: false, namespaceName: "/" }, "config.bad_option"],
  ["with a store that keeps nothing", { auth: false, store: {} }, "config.bad_option"],
  ["with another mode", { auth: false, mode: "test" }, "config.bad_option"],
  ["with an option that it does not know", { auth: false, password: "x" }, "config.unknown_option"],
])("is refused %s, and says nothing of what was given", (_, options, code) => {
  const refused = expect(() => new Rig((io) => instrument(io, options as never)));
  refused.toThrow(expect.objectContaining({ code }));
  refused.not.toThrow(/changeit/);
});
