import { createServer, type Server as HttpServer } from "node:http";
import { expectTypeOf } from "vitest";
import { Server } from "nonsticky";
import type {
  BroadcastOperator,
  DefaultEventsMap,
  DisconnectReason,
  Event,
  ExtendedError,
  Namespace,
  ParentNamespace,
  RemoteSocket,
  RoomAdapter,
  ServerOptions,
  Socket,
} from "nonsticky";
import type * as official from "socket.io";

/** Namespaces of every kind, and the names that socket.io exports. Nothing here runs: `tsc` is the test. */

interface ClientToServer {
  say: (text: string) => void;
}

interface ServerToClient {
  said: (text: string, from: string) => void;
  message: (text: string) => void;
}

interface InterServer {
  moved: (from: string) => void;
}

interface Data {
  nickname: string;
}

declare const io: Server<ClientToServer, ServerToClient, InterServer, Data>;
type TypedSocket = Socket<ClientToServer, ServerToClient, InterServer, Data>;
type TypedNamespace = Namespace<ClientToServer, ServerToClient, InterServer, Data>;
type TypedParent = ParentNamespace<ClientToServer, ServerToClient, InterServer, Data>;

// What `of` gives, by what it is given.
expectTypeOf(io.of("/static")).toEqualTypeOf<TypedNamespace>();
expectTypeOf(io.of(/^\/dynamic-\d+$/)).toEqualTypeOf<TypedParent>();
expectTypeOf(io.of((_name, _auth, next) => next(null, true))).toEqualTypeOf<TypedParent>();
declare const any: string | RegExp;
expectTypeOf(io.of(any)).toExtend<TypedNamespace>();
// @ts-expect-error neither a name nor a pattern
io.of(1);

for (const parent of [io.of(/x/), io.of((_name, _auth, next) => next(null, false))]) {
  expectTypeOf(parent).toExtend<TypedNamespace>();
  parent.on("connection", (socket) => {
    expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
    expectTypeOf(socket.nsp).toEqualTypeOf<TypedNamespace>();
    expectTypeOf(socket.data).toEqualTypeOf<Data>();
    socket.on("say", (text) => {
      expectTypeOf(text).toEqualTypeOf<string>();
    });
    // @ts-expect-error no such event comes from clients
    socket.on("said", () => undefined);
  });
  parent.use((socket, next) => {
    expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
    next();
  });
  parent.emit("said", "hello", "Ann");
  parent.to("a").except(["b"]).volatile.emit("said", "hello", "Ann");
  parent.send("hello").write("hello");
  // @ts-expect-error an argument is missing
  parent.emit("said", "hello");
  // @ts-expect-error clients send this, the server does not
  parent.to("a").emit("say", "hello");
}

io.of((name, auth, next) => {
  expectTypeOf(name).toEqualTypeOf<string>();
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Socket.IO
  expectTypeOf(auth).toEqualTypeOf<{ [key: string]: any }>();
  next(null, auth["token"] === "secret");
  next(new Error("no"), false);
  next(undefined, true);
  // @ts-expect-error the answer is yes or no
  next(null, "yes");
});
io.of("/static", (socket) => {
  expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
});
io.of(/x/, async (socket) => {
  expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
  await socket.join("room");
});

io.on("new_namespace", (nsp) => {
  expectTypeOf(nsp).toEqualTypeOf<TypedNamespace>();
});
io.once("moved", (from) => {
  expectTypeOf(from).toEqualTypeOf<string>();
});
io.prependListener("connection", (socket) => {
  expectTypeOf(socket).toEqualTypeOf<TypedSocket>();
});
// @ts-expect-error neither reserved nor between servers
io.addListener("said", () => undefined);
expectTypeOf(io.sockets).toEqualTypeOf<TypedNamespace>();

// Members that tell, and members that cannot be.
expectTypeOf([io.path(), io.connectTimeout(), io.serveClient()] as const).toEqualTypeOf<
  readonly [string, number, boolean]
>();
expectTypeOf(io.close((error) => error?.message)).toEqualTypeOf<Promise<void>>();
expectTypeOf(io.allSockets()).toEqualTypeOf<Promise<Set<string>>>();
expectTypeOf<TypedNamespace["sockets"]>().toEqualTypeOf<never>();
expectTypeOf<TypedNamespace["adapter"]>().toEqualTypeOf<RoomAdapter>();
expectTypeOf<TypedNamespace["adapter"]["rooms"]>().toEqualTypeOf<never>();
expectTypeOf(io.in("a").count()).toEqualTypeOf<Promise<number>>();
io.of("/static").adapter.on("join-room", (room, id) => {
  expectTypeOf(room).toEqualTypeOf<string>();
  expectTypeOf(id).toEqualTypeOf<string>();
});
// @ts-expect-error no such event
io.of("/static").adapter.on("enter-room", () => undefined);
// @ts-expect-error no instance has the sockets
void io.of("/static").sockets.size;
// @ts-expect-error settings are given to the constructor
io.path("/other");

// Where socket.io takes what to attach to.
expectTypeOf(io.listen(3000)).toEqualTypeOf<typeof io>();
expectTypeOf(io.attach(createServer(), { path: "/x" })).toEqualTypeOf<typeof io>();
expectTypeOf(io.httpServer).toEqualTypeOf<HttpServer>();
new Server();
new Server({ path: "/x" });
new Server(undefined, { path: "/x" });
new Server(createServer());
new Server(3000);
new Server(createServer(), { path: "/x" });
// @ts-expect-error a request listener is no server
new Server(() => {});

// Every name that socket.io exports, with as many type parameters.
type Untyped = DefaultEventsMap;
expectTypeOf<DisconnectReason>().toExtend<official.DisconnectReason>();
expectTypeOf<Event>().toExtend<official.Event>();
expectTypeOf<ExtendedError>().toExtend<official.ExtendedError>();
expectTypeOf<DefaultEventsMap>().toEqualTypeOf<official.DefaultEventsMap>();
expectTypeOf<ServerOptions["connectTimeout"]>().toEqualTypeOf<number | undefined>();
expectTypeOf<ServerOptions["cleanupEmptyChildNamespaces"]>().toEqualTypeOf<boolean | undefined>();
expectTypeOf<BroadcastOperator<Untyped, Data>>().toHaveProperty("emit");
expectTypeOf<RemoteSocket<Untyped, Data>["data"]>().toEqualTypeOf<Data>();
expectTypeOf<ParentNamespace<Untyped, Untyped, Untyped, Data>>().toExtend<
  Namespace<Untyped, Untyped, Untyped, Data>
>();
