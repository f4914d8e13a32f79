import { expectTypeOf } from "vitest";
import type { DisconnectReason, RemoteSocket, Server, Socket } from "nonsticky";

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
  expectTypeOf(socket).toEqualTypeOf<TypedSocket>();

  // Listeners: names and arguments of the client's events.
  socket.on("noArgs", (...args) => {
    expectTypeOf(args).toEqualTypeOf<[]>();
  });
  socket.on("say", (text, count) => {
    expectTypeOf(text).toEqualTypeOf<string>();
    expectTypeOf(count).toEqualTypeOf<number>();
  });
  socket.on("say", async (text) => {
    await Promise.resolve(text);
  });
  socket.once("ask", (question, ack) => {
    expectTypeOf(question).toEqualTypeOf<string>();
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
    expectTypeOf(reason).toEqualTypeOf<DisconnectReason>();
  });
  socket.on("disconnecting", (reason) => {
    expectTypeOf(reason).toEqualTypeOf<DisconnectReason>();
  });
  socket.on("error", (error) => {
    expectTypeOf(error).toEqualTypeOf<Error>();
  });

  // Emits: names and arguments of the server's events.
  expectTypeOf<ReturnType<typeof socket.emit>>().toEqualTypeOf<true>();
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
  expectTypeOf(socket.data).toEqualTypeOf<Data>();
  socket.data.visits = 1;
  socket.data = { nickname: "Ann" };
  // @ts-expect-error no such key
  socket.data.other = 1;
  // @ts-expect-error a value of another type
  socket.data.nickname = 1;

  expectTypeOf(socket.rooms).toEqualTypeOf<Set<string>>();
  expectTypeOf(socket.id).toEqualTypeOf<string>();
  expectTypeOf(socket.recovered).toEqualTypeOf<boolean>();
  expectTypeOf(socket.replaying).toEqualTypeOf<boolean>();
  expectTypeOf<ReturnType<typeof socket.join>>().toEqualTypeOf<Promise<void>>();
  expectTypeOf<ReturnType<typeof socket.leave>>().toEqualTypeOf<Promise<void>>();
  expectTypeOf(socket.server).toEqualTypeOf<typeof io>();
  // @ts-expect-error the id is the server's
  socket.id = "mine";

  socket.use(([event, ...args], next) => {
    expectTypeOf(event).toEqualTypeOf<string>();
    expectTypeOf(args).toExtend<unknown[]>();
    expectTypeOf(args[0]).toBeAny();
    next(new Error("no"));
  });
  socket.onAny((event, ...args) => {
    expectTypeOf(event).toEqualTypeOf<string>();
    expectTypeOf(args).toExtend<unknown[]>();
    expectTypeOf(args[0]).toBeAny();
  });
});

io.use((socket, next) => {
  expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
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
  expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
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
  expectTypeOf(from).toEqualTypeOf<string>();
});

// Sockets at a distance.
const remote = await io.in("a").fetchSockets();
expectTypeOf(remote).toEqualTypeOf<RemoteSocket<ServerToClient, Data>[]>();
for (const socket of remote) {
  expectTypeOf(socket.data).toEqualTypeOf<Data>();
  socket.emit("tick");
  socket.join("a");
  socket.leave("a");
  socket.disconnect(true);
  // @ts-expect-error an argument is missing
  socket.emit("said");
}

const tally = await io.flush();
expectTypeOf(tally).toEqualTypeOf<
  Readonly<{ delivered: number; gone: number; dropped: number; unknown: number }>
>();
