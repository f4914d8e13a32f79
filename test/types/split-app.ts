import type { IncomingMessage } from "node:http";
import { expectTypeOf } from "vitest";
import { Server } from "nonsticky";
import type {
  BroadcastOperator,
  DefaultEventsMap,
  Event,
  ExtendedError,
  Namespace,
  RemoteSocket,
  Socket,
} from "nonsticky";

/** An app in several files, as people write it with no type parameters, or few. Nothing here runs: `tsc` is the test. */

interface Events {
  hello: (times: number) => void;
  ask: (question: string, ack: (answer: string) => void) => void;
}

interface ServerToClient {
  hi: (times: number) => void;
  optional: (text?: string) => void;
  maybe: (text: string, ack?: (seen: boolean) => void) => void;
}

interface Data {
  user: string;
}

declare const untyped: Server;
declare const typed: Server<Events, ServerToClient, DefaultEventsMap, Data>;

// Whatever has no type parameters says nothing of data.
expectTypeOf<Socket["data"]>().toBeAny();
expectTypeOf<Namespace>().toEqualTypeOf<ReturnType<Server["of"]>>();
expectTypeOf<RemoteSocket["data"]>().toBeAny();
expectTypeOf<Awaited<ReturnType<BroadcastOperator["fetchSockets"]>>[number]["data"]>().toBeAny();

function handle(socket: Socket): void {
  socket.data.user = 1;
  socket.on("anything", (value) => value.deep.er);
  socket.emit("anything", 1);
}
const register = (io: Server, socket: Socket): boolean => io.emit("x", socket.id);
untyped.on("connection", handle);
untyped.on("connection", (socket) => void register(untyped, socket));
typed.on("connection", handle);
typed.on("connection", (socket) => handle(socket));

// What a client shows is anything.
untyped.use((socket, next) => {
  expectTypeOf(socket.handshake.auth["token"]).toBeAny();
  const refusal: ExtendedError = new Error("no");
  refusal.data = { content: "why" };
  expectTypeOf(refusal.data).toBeAny();
  next(refusal);
});

// One map is of both directions, as in Socket.IO.
const single = new Server<Events>();
expectTypeOf(single).toEqualTypeOf<Server<Events, Events>>();
single.on("connection", (socket) => {
  expectTypeOf(socket).toEqualTypeOf<Socket<Events, Events>>();
  socket.emit("hello", 1);
  // @ts-expect-error no such event
  socket.emit("nothing");
  // @ts-expect-error an argument of another type
  single.emit("hello", "once");
});
expectTypeOf<Socket<Events>>().toEqualTypeOf<Socket<Events, Events>>();
expectTypeOf<Namespace<Events>>().toEqualTypeOf<Namespace<Events, Events>>();

// An argument that may be left out is no acknowledgement; an acknowledgement that may be left out is one.
typed.on("connection", (socket) => {
  // @ts-expect-error its only argument is text
  void socket.emitWithAck("optional");
  expectTypeOf(socket.emitWithAck("maybe", "now")).resolves.toEqualTypeOf<boolean>();
  // @ts-expect-error an argument of another type
  void socket.emitWithAck("maybe", 1);
  expectTypeOf(typed.timeout(100).emitWithAck("maybe", "now")).resolves.toEqualTypeOf<boolean[]>();
  typed.timeout(100).emit("maybe", "now", (error, seen) => {
    expectTypeOf(error).toEqualTypeOf<Error>();
    expectTypeOf(seen).toEqualTypeOf<boolean[]>();
  });
  socket.emit("maybe", "now");
});

// Middlewares made for Express take requests that ours can be cast to.
interface SessionRequest extends IncomingMessage {
  session: { user: string };
}
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what such middlewares are
const wrap = (middleware: any) => (socket: Socket, next: (error?: Error) => void) => {
  middleware(socket.request, {}, next);
};
untyped.use(wrap(() => undefined));
typed.of("/typed").use(wrap(() => undefined));

untyped.on("connection", (socket) => {
  expectTypeOf((socket.request as SessionRequest).session.user).toEqualTypeOf<string>();
  socket.on("disconnect", (reason, details) => [reason.length, details?.message]);
  socket.onAny((event, ...args) => [event.length, args[0].anything]);
  socket.onAny((event: "a" | "b", value: { deep: number }) => [event, value.deep]);
  socket.use(([event, first], next) => next(first.isBad ? new Error(event) : undefined));
  socket.use((packet: Event, next: (error?: Error) => void) => next(packet[1].error));
  socket.listeners("x")[0]?.(1, "two");
  socket.conn.on("packet", ({ type }) => type).removeListener("packet", () => undefined);
});
untyped.engine.on("connection_error", ({ req, code, message, context }) => {
  expectTypeOf([req.url, message]).toEqualTypeOf<string[]>();
  expectTypeOf(code).toEqualTypeOf<number>();
  return context?.name;
});

// A generic class, whose events are not known until it is used.
class Chat<Listen extends Events, Emit extends ServerToClient> {
  readonly socket: Socket<Listen, Emit>;
  constructor(socket: Socket<Listen, Emit>) {
    this.socket = socket;
    socket.on("disconnect", (reason) => reason.length);
  }
}
void Chat;
