import { Server } from "nonsticky";
import type { DisconnectReason, RemoteSocket, Socket } from "nonsticky";
import { expectType, type Same } from "./expect-type.ts";

/** A server whose four type parameters are given. Nothing here runs: `tsc` is the test. */

interface ClientToServer {
  noArgs: () => void;
  say: (text: string, count: number) => void;
  ask: (question: string, ack: (answer: { ok: boolean }, rest?: string) => void) => void;
}

interface ServerToClient {
  said: (text: string, from: { id: string }) => void;
  tick: () => void;
  message: (text: string) => void;
}

interface InterServer {
  moved: (from: string) => void;
}

interface Data {
  nickname: string;
  visits?: number;
}

declare const io: Server<ClientToServer, ServerToClient, InterServer, Data>;
type TypedSocket = Socket<ClientToServer, ServerToClient, InterServer, Data>;

io.on("connection", (socket) => {
  expectType<Same<typeof socket, TypedSocket>>(true);

  // Listeners: names and arguments of the client's events.
  socket.on("noArgs", (...args) => {
    expectType<Same<typeof args, []>>(true);
  });
  socket.on("say", (text, count) => {
    expectType<Same<typeof text, string>>(true);
    expectType<Same<typeof count, number>>(true);
  });
  socket.on("say", async (text) => {
    await Promise.resolve(text);
  });
  socket.once("ask", (question, ack) => {
    expectType<Same<typeof question, string>>(true);
    ack({ ok: true });
    ack({ ok: true }, "rest");
    // @ts-expect-error an ack must be called with what the client is promised
    ack({ ok: "yes" });
    // @ts-expect-error an ack must be called with all of it
    ack();
  });
  // @ts-expect-error no such event comes from clients
  socket.on("said", () => undefined);
  // @ts-expect-error the second argument is a number
  socket.on("say", (text: string, count: string) => [text, count]);

  // Reserved events have arguments of their own.
  socket.on("disconnect", (reason) => {
    expectType<Same<typeof reason, DisconnectReason>>(true);
  });
  socket.on("disconnecting", (reason) => {
    expectType<Same<typeof reason, DisconnectReason>>(true);
  });
  socket.on("error", (error) => {
    expectType<Same<typeof error, Error>>(true);
  });

  // Emits: names and arguments of the server's events.
  expectType<Same<ReturnType<typeof socket.emit>, true>>(true);
  socket.emit("tick");
  socket.emit("said", "hello", { id: socket.id });
  socket.volatile.emit("tick");
  socket.broadcast.emit("tick");
  socket.to("a").except(["b"]).volatile.emit("said", "hello", { id: "x" });
  socket.send("hello").write("hello");
  // @ts-expect-error clients send this, the server does not
  socket.emit("say", "hello", 1);
  // @ts-expect-error an argument is missing
  socket.emit("said", "hello");
  // @ts-expect-error there is no argument to it
  socket.emit("tick", 1);
  // @ts-expect-error an argument is of another type
  socket.to("a").emit("said", "hello", { id: 1 });
  // @ts-expect-error no such event
  socket.broadcast.emit("nothing");
  // @ts-expect-error `message` takes text
  socket.send(1);

  // Data.
  expectType<Same<typeof socket.data, Data>>(true);
  socket.data.visits = 1;
  socket.data = { nickname: "Ann" };
  // @ts-expect-error no such key
  socket.data.other = 1;
  // @ts-expect-error a value of another type
  socket.data.nickname = 1;

  expectType<Same<typeof socket.rooms, Set<string>>>(true);
  expectType<Same<typeof socket.id, string>>(true);
  expectType<Same<typeof socket.recovered, boolean>>(true);
  expectType<Same<typeof socket.replaying, boolean>>(true);
  expectType<Same<ReturnType<typeof socket.join>, Promise<void>>>(true);
  expectType<Same<ReturnType<typeof socket.leave>, Promise<void>>>(true);
  expectType<Same<typeof socket.server, typeof io>>(true);
  // @ts-expect-error the id is the server's
  socket.id = "mine";

  socket.use(([event, ...args], next) => {
    expectType<Same<typeof event, string>>(true);
    expectType<Same<typeof args, unknown[]>>(true);
    next(new Error("no"));
  });
  socket.onAny((event, ...args) => {
    expectType<Same<typeof event, string>>(true);
    expectType<Same<typeof args, unknown[]>>(true);
  });
});

io.use((socket, next) => {
  expectType<Same<typeof socket, TypedSocket>>(true);
  next();
  next(Object.assign(new Error("no"), { data: { code: 1 } }));
  // @ts-expect-error refusing takes an Error
  next("no");
});

// The server, its namespaces and operators emit the server's events.
io.emit("tick");
io.to("a").emit("said", "hello", { id: "x" });
io.of("/chat").in(["a", "b"]).except("c").emit("tick");
io.of("/chat").on("connection", (socket) => {
  expectType<Same<typeof socket, TypedSocket>>(true);
});
// @ts-expect-error no such event
io.emit("say", "hello", 1);
// @ts-expect-error an argument is missing
io.of("/chat").emit("said", "hello");
// @ts-expect-error neither reserved nor between servers
io.on("disconnect", () => undefined);
// @ts-expect-error rooms are names
io.to(1);

// Events between servers.
io.on("moved", (from) => {
  expectType<Same<typeof from, string>>(true);
});

// Sockets at a distance.
const remote = await io.in("a").fetchSockets();
expectType<Same<typeof remote, RemoteSocket<ServerToClient, Data>[]>>(true);
for (const socket of remote) {
  expectType<Same<typeof socket.data, Data>>(true);
  socket.emit("tick");
  socket.join("a");
  socket.leave("a");
  socket.disconnect(true);
  // @ts-expect-error an argument is missing
  socket.emit("said");
}

const tally = await io.flush();
expectType<Same<typeof tally, Readonly<{ delivered: number; gone: number; dropped: number }>>>(true);
