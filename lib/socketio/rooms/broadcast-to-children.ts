import { MAX_NAMESPACE_BYTES } from "../../protocol/limits.ts";
import type { Packet, PacketCodec } from "../../protocol/packet.ts";
import type { Audience } from "./audience.ts";
import type { EmitFlags } from "./broadcast.ts";
import type { RoomPorts } from "./room-ports.ts";
import { Publication } from "./publish.ts";
import { mapConcurrently } from "./map-concurrently.ts";
import type { Turn } from "../../engine/turn.ts";

type EventAndValues = readonly [event: string, ...values: unknown[]];

/** With such a name a packet is as large as it can get. */
const LONGEST_NAMESPACE = `/${"-".repeat(MAX_NAMESPACE_BYTES - 1)}`;

/**
 * Sends an event to every child of a parent namespace that a socket has connected to, several side by side; one stage, so
 * that order holds. A child that is found empty is forgotten: clients may invent their names.
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
    const { store, clock } = internals.runtime;
    const idleSinceMs = clock.nowMs() - CONNECTING_MS;
    await mapConcurrently(await store.listChildNamespaces(audience.nsp), async (nsp) => {
      const publication = new Publication(internals, nsp, captured, flags);
      const found = await publication.sendToAudience(internals, turn, { ...audience, nsp }, flags);
      if (found === 0 && canForget(internals, audience))
        await store.forgetChild(audience.nsp, nsp, idleSinceMs);
    });
  });
}

/**
 * How long the rows of a socket may take to be written, which are not written at one moment: the longest turn, twice.
 *
 *     connect  writes the child
 *     emit     lists the child; finds nobody in it; would forget it
 *     connect  writes its member                                     ← no emit of the parent would reach it any more
 */
const CONNECTING_MS = 60_000;

/** An emit to everyone has shown that a child is empty. With recovery somebody may be away from it who will come back. */
const canForget = ({ recovery }: RoomPorts, { rooms, except, exceptSid }: Audience): boolean =>
  recovery === undefined && rooms.size + except.size === 0 && exceptSid === undefined;

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
