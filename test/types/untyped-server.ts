import { expectTypeOf } from "vitest";
import { Server, createEngine } from "nonsticky";
import type { DefaultEventsMap, ServerOptions, Socket } from "nonsticky";
import { createHandlers } from "nonsticky/lambda";

/** A server without type parameters, as in every getting-started guide. Nothing here runs: `tsc` is the test. */

export const io = new Server();

io.on("connection", (socket) => {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as in Socket.IO: untyped data is anything
  type Untyped = Socket<DefaultEventsMap, DefaultEventsMap, DefaultEventsMap, any>;
  expectTypeOf(socket).toEqualTypeOf<Untyped>();
  socket.data.anything = 1;
  socket.data.nested = { deep: socket.data.anything };
  socket.on("anything", (one, two, ack) => {
    ack(one, two);
  });
  socket.on("typed by the listener", (text: string, ack: (length: number) => void) => ack(text.length));
  socket.emit("anything", 1, "two", { three: 3 });
  socket.to("a").emit("anything", Buffer.from([1]));
  // @ts-expect-error an event has a name
  socket.emit();
  // @ts-expect-error reserved events keep their arguments
  socket.on("disconnect", (reason: number) => reason);
});

io.of("/chat").use((socket, next) => {
  socket.data.user = socket.handshake.auth["user"];
  next();
});

// @ts-expect-error no such option
new Server({ perMessageDeflate: true });
// @ts-expect-error an option of another type
new Server({ pingInterval: "25000" });

const options: ServerOptions = {
  path: "/chat",
  pingInterval: 25_000,
  pingTimeout: 20_000,
  connectTimeout: 45_000,
  maxHttpBufferSize: 1e6,
  ackWait: 500,
  allowRequest: ({ headers, query, address, method }, callback) => {
    expectTypeOf(method).toEqualTypeOf<"GET">();
    callback(null, headers["origin"] === query["origin"] && address !== "");
  },
  onError: ({ error, event, nsp, socketId }) => {
    expectTypeOf(error).toEqualTypeOf<unknown>();
    void [event, nsp, socketId].join("");
  },
};
new Server(options);

export const engine = createEngine({
  onMessage: (session, data) => {
    expectTypeOf(data).toEqualTypeOf<string | Buffer>();
    session.send(data);
    session.close();
    // @ts-expect-error messages are text or bytes
    session.send({});
  },
  onClose: ({ id }, reason) => [id, reason],
  onConnection: (session) => session.send(session.id),
  onInitialHeaders: (headers, { url }) => void (headers["x-first"] = url),
  onHeaders: (headers, { method }) => void (headers["x-every"] = [method]),
  onConnectionError: ({ code, message, req }) => [code, message, req.url],
});

// @ts-expect-error what to do with messages is not optional
createEngine({});

createHandlers({ io });
createHandlers({ engine });
expectTypeOf<keyof ReturnType<typeof createHandlers>>().toEqualTypeOf<
  "connect" | "inbox" | "poll" | "heartbeat" | "fanout" | "servePolling" | "handle" | "describe"
>();
// @ts-expect-error neither io nor engine
createHandlers({ app: io });
