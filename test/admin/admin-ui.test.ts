import { instrument as officialInstrument } from "@socket.io/admin-ui";
import { Server } from "nonsticky";
import { instrument } from "nonsticky/admin";
import { serve } from "nonsticky/testing";
import type { Server as OfficialServer } from "socket.io";
import { io as connect } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startOfficial } from "../support/official-server.ts";
import { auth, credentials, openPage, type Page } from "./page.ts";

type App = Pick<OfficialServer, "on" | "use" | "to" | "of">;

/** An app whose clients do what the page is to show. */
function hall(io: App): void {
  io.use((socket, next) => {
    void socket.join("early");
    next();
  });
  io.on("connection", (socket) => {
    socket.on("enter", async (room: string, ack: () => void) => {
      await socket.join(room);
      socket.data["room"] = room;
      ack();
    });
    socket.on("say", (text: string) => {
      io.to("hall").emit("said", text, { by: "somebody" });
    });
    socket.on("greet", (ack: (answer: string) => void) => {
      socket.emit("hello", 1, "two");
      ack("greeted");
    });
    socket.on("exit", async (room: string, ack: () => void) => {
      await socket.leave(room);
      ack();
    });
  });
  io.of("/other");
}

interface Started {
  readonly url: string;
  stop(): Promise<unknown>;
}

const start = {
  official: (options: object): Promise<Started> =>
    startOfficial((io) => {
      officialInstrument(io, options);
      hall(io);
    }),
  ours: async (options: object): Promise<Started> => {
    const io = new Server();
    instrument(io, options);
    hall(io as unknown as App);
    const server = await serve(io);
    return { url: server.url, stop: () => server.close() };
  },
};

const servers: Record<string, Started> = {};
const open: { close(): unknown }[] = [];
const page = async (
  which: string,
  ...how: Parameters<typeof openPage> extends [unknown, ...infer R] ? R : never
) => {
  const opened = await openPage(servers[which]!.url, ...how);
  open.push(opened.socket);
  return opened;
};

beforeAll(async () => {
  for (const which of ["official", "ours"] as const) {
    servers[which] = await start[which]({ auth, mode: "development" });
    servers[`${which}, for looking`] = await start[which]({ auth, readonly: true, mode: "production" });
  }
});

afterAll(async () => {
  for (const socket of open) socket.close();
  await Promise.all(Object.values(servers).map((server) => server.stop()));
});

describe.each(["official", "ours"])("the server part of the page, %s", (which) => {
  it.each([
    ["nothing", {}],
    ["another name", { ...credentials, username: "root" }],
    ["another password", { ...credentials, password: "letmein" }],
    ["an id that nobody was given", { sessionId: "0123456789abcdef" }],
  ])("refuses who shows %s", async (_, shown) => {
    await expect(page(which, shown)).rejects.toThrow(/^invalid credentials$/);
  });

  it("gives an id to who knows the password, and lets in who shows it, without another", async () => {
    const first = await page(which);
    const [sessionId] = await first.hears("session");
    const second = await page(which, { sessionId });
    await second.hears("config");

    expect(sessionId).toEqual(expect.stringMatching(/^[0-9a-f]{16,32}$/));
    expect(second.all("session")).toEqual([]);
  });

  it("says what can be done", async () => {
    const features = async (name: string) => (await (await page(name)).hears("config"))[0];

    expect(await features(which)).toEqual({
      supportedFeatures: [
        ...["EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"],
        ...["AGGREGATED_EVENTS", "ALL_EVENTS"],
      ],
    });
    expect(await features(`${which}, for looking`)).toEqual({ supportedFeatures: ["AGGREGATED_EVENTS"] });
  });

  it("tells nothing but counts in production, and obeys nobody who may only look", async () => {
    const looking = `${which}, for looking`;
    const admin = await page(looking);
    const [client] = await visit(looking);
    admin.socket.emit("_disconnect", "/", true);
    const [stats] = await admin.hears(
      "server_stats",
      (told: { clientsCount: number }) => told.clientsCount >= 2,
    );

    expect(stats).toMatchObject({ pollingClientsCount: 0 });
    expect(client.connected).toBe(true);
    expect(new Set(admin.heard.map(([event]) => event))).toEqual(
      new Set(["session", "config", "server_stats"]),
    );
  });

  it("acts on a room, and on one socket", async () => {
    const admin = await page(which);
    await admin.hears("all_sockets");
    const [one] = await visit(which);
    const [two] = await visit(which);
    const oneId = one.id;
    const heard = (client: typeof one) =>
      new Promise((resolve) => client.once("news", (...args) => resolve(args)));
    const ended = (client: typeof one) => new Promise((resolve) => client.once("disconnect", resolve));

    admin.socket.emit("join", "/", "wanted", one.id);
    await admin.hears("room_joined", (_, room, id) => room === "wanted" && id === one.id);
    const news = heard(one);
    admin.socket.emit("emit", "/", "wanted", "news", 1, { deep: true });
    expect(await news).toEqual([1, { deep: true }]);

    admin.socket.emit("leave", "/", "wanted", one.id);
    await admin.hears("room_left", (_, room, id) => room === "wanted" && id === one.id);

    const end = ended(one);
    admin.socket.emit("_disconnect", "/", false, one.id);
    expect(await end).toBe("io server disconnect");
    expect(two.connected).toBe(true);
    await admin.hears("socket_disconnected", (_, id) => id === oneId);
  });
});

it("lists sockets as the official server part does", async () => {
  const listed = async (which: string) => {
    const [client] = await visit(which, { token: "t" });
    const admin = await page(which);
    const [sockets] = (await admin.hears("all_sockets")) as [Record<string, unknown>[]];
    const socket = sockets.find(({ id }) => id === client.id);
    const own = sockets.find(({ id }) => id === admin.socket.id);
    return [shapeOf(socket, client.id ?? ""), shapeOf(own, admin.socket.id ?? "")];
  };

  const official = await listed("official");
  expect(official[0]).toMatchObject({ nsp: "/", transport: "websocket", rooms: ["early", "<id>"] });
  expect(await listed("ours")).toEqual(official);
});

it("tells the life of a socket as the official server part does", async () => {
  const told = async (which: string) => {
    const admin = await page(which);
    await admin.hears("all_sockets");
    const [client, ask] = await visit(which);
    await ask("enter", "hall");
    client.emit("say", "hi");
    await new Promise((resolve) => client.once("said", resolve));
    await ask("greet");
    await ask("exit", "hall");
    const id = client.id ?? "";
    client.disconnect();
    await admin.hears("socket_disconnected", (_, gone) => gone === id);
    await admin.hears("room_left", (_, room, gone) => gone === id && room === id);
    return lifeOf(admin, id);
  };

  const official = await told("official");
  expect(official.map(([event]) => event)).toEqual([
    ...["room_joined", "room_joined", "socket_connected", "event_received", "room_joined", "socket_updated"],
    ...["event_received", "event_sent", "event_received", "event_sent", "event_received", "room_left"],
    ...["socket_disconnected", "room_left", "room_left"],
  ]);
  expect(await told("ours")).toEqual(official);
});

it("tells of a client that moves to a WebSocket as the official server part does", async () => {
  const told = async (which: string) => {
    const admin = await page(which);
    await admin.hears("all_sockets");
    const [client] = await visit(which, {}, ["polling", "websocket"]);
    const [update] = await admin.hears("socket_updated", ({ id }: { id: string }) => id === client.id);
    return { ...(update as object), id: "<id>" };
  };

  expect(await told("ours")).toEqual(await told("official"));
});

/** A client that is let in, with what asks it for something. */
async function visit(which: string, query = {}, transports = ["websocket"]) {
  const client = connect(servers[which]!.url, { forceNew: true, transports, query });
  open.push(client);
  await new Promise<void>((resolve) => client.once("connect", resolve));
  const ask = (event: string, ...args: unknown[]): Promise<unknown> => client.emitWithAck(event, ...args);
  return [client, ask] as const;
}

/** What was told of one socket, in order, with what is of this run named. */
function lifeOf(admin: Page, id: string): readonly (readonly unknown[])[] {
  const mentions = (args: readonly unknown[]) =>
    args.some((arg) => arg === id || (arg as { id?: unknown } | null)?.id === id);
  return admin.heard
    .filter(([, ...args]) => mentions(args))
    .map(([event, ...args]) => [event, ...args.map((arg) => shapeOf(arg, id))]);
}

const OF_THE_RUN = [
  "clientId",
  "address",
  "host",
  "issued",
  "time",
  "t",
  "sec-websocket-key",
  "x-amzn-trace-id",
];

/** A value in which what differs from run to run is its type. */
function shapeOf(value: unknown, id: string): unknown {
  if (value === id) return "<id>";
  if (typeof value === "string" && !Number.isNaN(Date.parse(value)) && value.endsWith("Z")) return "<time>";
  if (Array.isArray(value)) return value.map((one) => shapeOf(one, id));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    // The gateway's own headers are before Lambda, and not before a process.
    Object.entries(value)
      .filter(([key]) => !key.startsWith("x-forwarded-"))
      .map(([key, one]) => [key, OF_THE_RUN.includes(key) ? typeof one : shapeOf(one, id)]),
  );
}
