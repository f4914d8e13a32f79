import { readFileSync } from "node:fs";

/** The operations of `npm run bench:calls` that bills are reckoned from. */
export const operationNames = [
  "connect (authorizer)",
  "OPEN",
  "namespace CONNECT",
  "namespace CONNECT, with recovery",
  "join",
  "EVENT, handler does nothing",
  "io.shared: get",
  "io.shared: set",
  "EVENT, live values, handler does nothing",
  "EVENT, a live number counted",
  "namespace CONNECT, rooms heard",
  "join, rooms heard",
  "close in no room, rooms heard",
  "close in 3 rooms, rooms heard",
  "EVENT with ack",
  "io.to(room).emit, 10 recipients",
  "io.to(room).emit, 10 recipients, with recovery",
  "pong",
  "close in no room",
  "close in 3 rooms",
  "polling handshake",
  "POST with one event",
  "EVENT out of a POST, handler does nothing",
  "EVENT out of a POST, with ack",
  "GET that finds something",
  "POST with a pong, and the pong",
  "upgrade in 0 rooms",
  "io.to(room).emit, 10 polling members",
  "io.timer: set",
  "an alarm of a cancelled timer",
  "a timer that rings",
  "idle poll, a second of its first five",
  "idle poll, a second after those",
  "keep-alive, beyond the sweep's own requests",
  "ping, beyond the sweep's own requests",
] as const;

export type OperationName = (typeof operationNames)[number];

/** What one operation asks of AWS, as counted under the real handlers. */
export interface OperationCalls {
  readonly reads: number;
  readonly writes: number;
  readonly posts: number;
  /** Messages to the queue, besides those that the gateway sends itself. */
  readonly sends: number;
  readonly invokes: number;
  /** What DynamoDB bills the reads and writes as. */
  readonly readUnits: number;
  readonly writeUnits: number;
}

export type Operations = Readonly<Record<OperationName, OperationCalls>>;

/** Written by `npm run bench:calls -- --write`, and compared by every run of it. */
export function readOperations(): Operations {
  return JSON.parse(readFileSync(new URL("calls.json", import.meta.url), "utf8")) as Operations;
}
