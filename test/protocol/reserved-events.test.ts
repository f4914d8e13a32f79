import { Server } from "socket.io";
import { describe, expect, test } from "vitest";
import { assertEmittable, isReservedEvent } from "../../lib/protocol/reserved-events.ts";
import { failure } from "./failure.ts";

const io = new Server();
const officialEmit = (event: unknown): unknown => io.emit(event as string);

describe("reserved", () => {
  test.each(["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"])(
    "%s is refused in the official words",
    (event) => {
      const error = failure(() => assertEmittable(event));

      expect(isReservedEvent(event)).toBe(true);
      expect(error.code).toBe("protocol.reserved_event");
      expect(error.message).toBe(`"${event}" is a reserved event name`);
      expect(error.closeReason).toBeUndefined();
      expect(() => officialEmit(event)).toThrow(error.message);
    },
  );
});

describe("free", () => {
  test.each([
    "error",
    "connection",
    "message",
    "new_namespace",
    "Connect",
    "connect ",
    "",
    "__proto__",
    "constructor",
    0,
    1,
  ])("%j may be emitted", (event) => {
    expect(isReservedEvent(event)).toBe(false);
    expect(() => assertEmittable(event)).not.toThrow();
    expect(() => officialEmit(event)).not.toThrow();
  });
});
