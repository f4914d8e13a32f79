import { MAX_NAMESPACE_BYTES } from "../../protocol/limits.ts";
import type { Packet, PacketCodec } from "../../protocol/packet.ts";
import type { Audience } from "./audience.ts";
import type { EmitFlags } from "./broadcast.ts";
import type { RoomPorts } from "./room-ports.ts";
import { Publication } from "./publish.ts";
import type { Turn } from "../../engine/turn.ts";

type EventAndValues = readonly [event: string, ...values: unknown[]];

/** With such a name a packet is as large as it can get. */
const LONGEST_NAMESPACE = `/${"-".repeat(MAX_NAMESPACE_BYTES - 1)}`;

/**
 * Sends an event to every child of a parent namespace that a socket has connected to; one stage, so that order holds.
 * Without a turn nothing is sent. Throws what an emit throws, for the child with the longest name there may be.
 */
export function broadcastToChildren(
  internals: RoomPorts,
  turn: Turn | undefined,
  audience: Audience,
  event: EventAndValues,
  flags: EmitFlags,
): void {
  void new Publication(internals, LONGEST_NAMESPACE, event, flags);
  const captured = capture(internals.codec, event);
  void turn?.order(async () => {
    for (const nsp of await internals.runtime.store.listChildNamespaces(audience.nsp)) {
      const publication = new Publication(internals, nsp, captured, flags);
      await publication.sendToAudience(internals, turn, { ...audience, nsp }, flags);
    }
  });
}

/** As it is at this moment: the children are found later, and by then the app may have changed what it gave. */
function capture(codec: PacketCodec, [event, ...values]: EventAndValues): EventAndValues {
  const [header, ...rest] = codec.encode({ type: "event", nsp: LONGEST_NAMESPACE, args: [event, ...values] });
  const parts = rest.map((part) => (typeof part === "string" ? Buffer.from(part) : part));
  const packet = header === undefined ? undefined : decode(codec, header, parts);
  if (packet?.type !== "event") throw new Error(`expected ${codec.name} to read what it has written`);
  return [event, ...packet.args.slice(1)];
}

function decode(
  codec: PacketCodec,
  header: string | Uint8Array,
  parts: readonly Uint8Array[],
): Packet | undefined {
  if (typeof header !== "string") return codec.decodeBinary?.(header);
  const decoded = codec.decodeText(header);
  return "packet" in decoded ? decoded.packet : codec.assemble(header, parts);
}
