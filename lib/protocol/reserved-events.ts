import { ProtocolError } from "./errors.ts";

/**
 * Names that no event on the wire may have.
 * @see https://socket.io/docs/v4/emit-cheatsheet/#reserved-events
 */
const reservedEvents: ReadonlySet<unknown> = new Set([
  "connect",
  "connect_error",
  "disconnect",
  "disconnecting",
  "newListener",
  "removeListener",
]);

export const isReservedEvent = (name: unknown): boolean => reservedEvents.has(name);

/**
 * Refuses to emit what Socket.IO keeps for itself, in Socket.IO's own words.
 *
 * @throws {ProtocolError} `protocol.reserved_event`.
 */
export function assertEmittable(event: unknown): void {
  if (!isReservedEvent(event)) return;
  throw new ProtocolError("protocol.reserved_event", `"${String(event)}" is a reserved event name`, {
    evidence: { event },
  });
}
