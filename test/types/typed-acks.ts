import { expectTypeOf } from "vitest";
import type { BroadcastOperator, RemoteSocket, Server, Socket } from "nonsticky";

/** What acknowledgements are, to one and to many, with a timeout and without. Nothing here runs: `tsc` is the test. */

interface ClientToServer {
  ask: (ack: () => void) => void;
}

interface ServerToClient {
  tick: () => void;
  bare: (ack: () => void) => void;
  question: (text: string, ack: (answer: number, rest?: string) => void) => void;
  guarded: (ack: (error: Error, answer: string) => void) => void;
}

interface InterServer {
  moved: (from: string) => void;
  count: (room: string, ack: (total: number) => void) => void;
}

declare const io: Server<ClientToServer, ServerToClient, InterServer>;
declare const socket: Socket<ClientToServer, ServerToClient, InterServer>;
declare const remote: RemoteSocket<ServerToClient>;

// To one client: what the event says.
socket.emit("question", "why?", (answer, rest) => {
  expectTypeOf(answer).toEqualTypeOf<number>();
  expectTypeOf(rest).toEqualTypeOf<string | undefined>();
});
expectTypeOf(socket.emitWithAck("question", "why?")).toEqualTypeOf<Promise<number>>();
expectTypeOf(socket.emitWithAck("bare")).toEqualTypeOf<Promise<undefined>>();
expectTypeOf(socket.emitWithAck("guarded")).toEqualTypeOf<Promise<string>>();
// @ts-expect-error an argument is missing
void socket.emitWithAck("question");
// @ts-expect-error the acknowledgement is not an argument of it
void socket.emitWithAck("question", "why?", () => undefined);
// @ts-expect-error it has no acknowledgement
void socket.emitWithAck("tick");
// @ts-expect-error there is no such event
void socket.emitWithAck("ask");
// @ts-expect-error the answer is a number
socket.emit("question", "why?", (answer: string) => answer);

// With a timeout an error comes first, once.
socket.timeout(100).emit("question", "why?", (error, answer) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(answer).toEqualTypeOf<number>();
});
socket.timeout(100).emit("bare", (error) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
});
socket.timeout(100).emit("guarded", (error, answer) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(answer).toEqualTypeOf<string>();
});
socket.timeout(100).emit("tick");
socket.timeout(100).volatile.emit("question", "why?", (error) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
});
expectTypeOf(socket.timeout(100).emitWithAck("question", "why?")).toEqualTypeOf<Promise<number>>();

// To many: an error, and a list.
const operators = [
  io.to("a"),
  io.in("a").except("b").volatile,
  io.local,
  io.of("/b").compress(true),
  socket.to("a"),
  socket.broadcast,
] as const;
for (const operator of operators) {
  operator.emit("question", "why?", (error, answers) => {
    expectTypeOf(error).toEqualTypeOf<Error>();
    expectTypeOf(answers).toEqualTypeOf<number[]>();
  });
  operator.timeout(100).emit("question", "why?", (error, answers) => {
    expectTypeOf(error).toEqualTypeOf<Error>();
    expectTypeOf(answers).toEqualTypeOf<number[]>();
  });
  expectTypeOf(operator.timeout(100).emitWithAck("question", "why?")).toEqualTypeOf<Promise<number[]>>();
  expectTypeOf(operator.emitWithAck("question", "why?")).toEqualTypeOf<Promise<number[]>>();
  expectTypeOf(operator.timeout(100).emitWithAck("guarded")).toEqualTypeOf<Promise<string[]>>();
  operator.emit("tick");
  // @ts-expect-error an answer of many is a list
  operator.timeout(100).emit("question", "why?", (error: Error, answer: number) => [error, answer]);
}
io.emit("question", "why?", (error, answers) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(answers).toEqualTypeOf<number[]>();
});
io.timeout(100).emit("question", "why?", (error, answers) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(answers).toEqualTypeOf<number[]>();
});
expectTypeOf(io.timeout(100).emitWithAck("question", "why?")).toEqualTypeOf<Promise<number[]>>();
expectTypeOf(io.of("/b").emitWithAck("question", "why?")).toEqualTypeOf<Promise<number[]>>();
// @ts-expect-error it has no acknowledgement
void io.timeout(100).emitWithAck("tick");
// @ts-expect-error an argument is of another type
void io.timeout(100).emitWithAck("question", 1);

// Sockets at a distance are single ones again, wherever they were fetched from.
for (const fetched of [io.fetchSockets(), io.to("a").fetchSockets(), socket.broadcast.fetchSockets()]) {
  expectTypeOf(fetched).toExtend<Promise<RemoteSocket<ServerToClient>[]>>();
}
remote.emit("question", "why?", (answer) => {
  expectTypeOf(answer).toEqualTypeOf<number>();
});
remote.timeout(100).emit("question", "why?", (error, answer) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(answer).toEqualTypeOf<number>();
});
expectTypeOf(remote.timeout(100).emitWithAck("question", "why?")).toEqualTypeOf<Promise<number>>();
expectTypeOf(remote.emitWithAck("guarded")).toEqualTypeOf<Promise<string>>();

// The server to itself.
expectTypeOf(io.serverSideEmit("moved", "here")).toEqualTypeOf<boolean>();
io.serverSideEmit("count", "a", (error, totals) => {
  expectTypeOf(error).toEqualTypeOf<Error>();
  expectTypeOf(totals).toEqualTypeOf<number[]>();
});
expectTypeOf(io.serverSideEmitWithAck("count", "a")).toEqualTypeOf<Promise<number[]>>();
io.on("count", (room, ack) => {
  expectTypeOf(room).toEqualTypeOf<string>();
  ack(1);
});
// @ts-expect-error it has no acknowledgement
void io.serverSideEmitWithAck("moved", "here");
// @ts-expect-error clients' events are not between servers
io.serverSideEmit("ask");

// Untyped servers ask and answer anything.
declare const untyped: Server;
untyped.emit("anything", 1, (error: Error, answers: unknown[]) => [error, answers]);
expectTypeOf(untyped.timeout(100).emitWithAck("anything", 1)).resolves.toBeAny();
expectTypeOf(untyped.to("a")).toExtend<BroadcastOperator>();
