import { CoreError } from "../../engine/errors.ts";
import { MAX_SHARED_BYTES, toSharedBytes } from "../../state/row-limits.ts";
import type { SharedPlace, SharedValue } from "../../state/shared-store.ts";
import { serialise } from "../replay/serialise.ts";

/**
 * A value as the table keeps it: bytes as bytes, a safe integer as a number to which the table can add, everything else
 * as JSON. Throws `core.unserialisable`, `core.shared_too_large`.
 */
export function toSharedValue(value: unknown, { map, key }: SharedPlace): SharedValue {
  const path = `io.shared(${JSON.stringify(map)}), key ${JSON.stringify(key)},`;
  const shared = encode(value, path);
  const bytes = toSharedBytes(shared);
  if (bytes <= MAX_SHARED_BYTES) return shared;
  throw new CoreError(
    "core.shared_too_large",
    `expected ${path} to be at most ${MAX_SHARED_BYTES} bytes, got ${bytes}; keep large values elsewhere, and their address here`,
    { evidence: { map, bytes } },
  );
}

export function fromSharedValue(value: SharedValue): unknown {
  switch (value.kind) {
    case "json":
      return JSON.parse(value.text);
    case "number":
      return value.number;
    case "bytes":
      return toBuffer(value.bytes);
    default:
      return value satisfies never;
  }
}

function encode(value: unknown, path: string): SharedValue {
  if (value instanceof ArrayBuffer) return { kind: "bytes", bytes: new Uint8Array(value.slice(0)) };
  // A copy: the app may go on to use its own.
  if (ArrayBuffer.isView(value)) return { kind: "bytes", bytes: Uint8Array.from(toBuffer(value)) };
  if (typeof value === "number" && Number.isSafeInteger(value)) return { kind: "number", number: value };
  return { kind: "json", text: serialise(value, path) };
}

const toBuffer = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
