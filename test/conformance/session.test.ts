import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { WireClient } from "../support/wire-client.ts";
import { installTable } from "./apps/table.ts";
import { quickSettings } from "./settings.ts";

const servers = [
  { name: "our server", start: () => startOurs(import.meta.url, "./apps/timers-app.ts") },
  { name: "the official server", start: () => startOfficial(installTable, quickSettings) },
];

describe.each(servers)("a session of $name", ({ start }) => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await start();
  }, 60_000);

  afterAll(() => server.stop());

  it("is opened with exactly five facts", async () => {
    const client = await WireClient.open(server.url);

    const open = JSON.parse(client.frames[0]?.slice(1) ?? "") as Record<string, unknown>;

    expect(open).toEqual({
      sid: expect.stringMatching(/^[A-Za-z0-9_-]{20}$/) as unknown,
      upgrades: [],
      pingInterval: 300,
      pingTimeout: 200,
      maxPayload: 1_000_000,
    });
    client.hangUp();
  });

  it("gets a session id of its own, which is not the socket's", async () => {
    const [one, other] = await Promise.all([
      WireClient.open(server.url, { connect: "40" }),
      WireClient.open(server.url, { connect: "40" }),
    ]);

    const ids = [one, other].flatMap(({ frames }) =>
      frames.map((frame) => /"sid":"([^"]+)"/.exec(frame)?.[1]).filter((id) => id !== undefined),
    );

    expect(ids).toHaveLength(4);
    expect(new Set(ids).size).toBe(4);
    one.hangUp();
    other.hangUp();
  });

  it.each(["/socket.io/", "/socket.io/any/thing"])("is opened at %s", async (path) => {
    const client = await WireClient.open(server.url, { path });

    expect(client.frames[0]).toMatch(/^0\{/);
    client.hangUp();
  });

  it.each([
    { title: "no protocol version", query: { EIO: undefined } },
    { title: "an unknown protocol version", query: { EIO: "abc" } },
    { title: "a future protocol version", query: { EIO: "5" } },
    { title: "no transport", query: { transport: undefined } },
    { title: "an unknown transport", query: { transport: "abc" } },
    { title: "a transport named like a property", query: { transport: "__proto__" } },
    { title: "a session that does not exist", query: { sid: "AAAAAAAAAAAAAAAAAAAA" } },
    { title: "a session id that is none", query: { sid: "__proto__" } },
  ])("is refused to a client with $title", async ({ query }) => {
    const client = new WireClient(server.url, { query });

    await client.closed();

    expect(client.frames).toEqual([]);
  });

  it("is pinged again and again, as long as it answers", async () => {
    const client = await WireClient.open(server.url, { connect: "40", answerPings: false });

    for (let n = 0; n < 4; n++) {
      expect(await client.frame("2")).toBe("2");
      client.send("3");
    }

    client.send('42["marker"]');
    await client.frame('42["marked"]');
    client.hangUp();
  });

  it("ends for a client that answers no ping, with that reason", async () => {
    const watcher = await WireClient.open(server.url, { connect: "40/watch," });
    await watcher.frame('42/watch,["watching"]');
    const client = await WireClient.open(server.url, { connect: '40{"row":"silent"}', answerPings: false });

    await client.closed();

    expect(await watcher.frame('42/watch,["left","silent"')).toBe(
      '42/watch,["left","silent","/","ping timeout"]',
    );
    expect(client.frames).toContain("2");
    watcher.hangUp();
  });

  it("ends for a client that connects to no namespace in time", async () => {
    const client = await WireClient.open(server.url);

    const { code } = await client.closed();

    expect([1000, 1005]).toContain(code);
    expect(client.frames).toHaveLength(1);
  });

  it("lasts beyond that time for a client that was refused once and then accepted", async () => {
    const client = await WireClient.open(server.url, { answerPings: false });
    client.send("40/no,");
    await client.frame("44/no,");
    client.send("40");
    await client.frame("40");

    for (let n = 0; n < 4; n++) {
      await client.frame("2");
      client.send("3");
    }

    expect(client.end).toBeUndefined();
    client.hangUp();
  });
});
