import type { ChatClient, SentPacket, Stay } from "./chat-client.ts";
import type { LoadResult } from "./chat-load.ts";
import type { ChatMessage } from "./chat-client.ts";

/**
 * Everything that must not have happened, each with what shows it. An empty list is the proof; the lists name packets
 * so that a failure can be followed through the logs.
 */
export interface Violations {
  /** A handler ran twice for one packet, by its own reports. */
  readonly handledTwice: readonly string[];
  /** A client heard one packet twice. */
  readonly heardTwice: readonly string[];
  /** Acknowledged to its sender, but no handler reported it. */
  readonly acknowledgedUnhandled: readonly string[];
  /** Acknowledged, and missing in the middle or at the end of a stay of somebody who was in the room throughout. */
  readonly acknowledgedLost: readonly string[];
  /** A sender's packets heard in another order than they were sent. */
  readonly outOfOrder: readonly string[];
  /** Heard by somebody who is not in the room. */
  readonly strayed: readonly string[];
}

export function findViolations({ clients, handled }: Pick<LoadResult, "clients" | "handled">): Violations {
  const packets = handled.map(({ packet }) => packet);
  const reported = new Set(packets);
  const acknowledged = clients.flatMap(({ sent }) => sent.filter(({ ackedAtMs }) => ackedAtMs !== undefined));
  return {
    handledTwice: repeated(packets),
    heardTwice: clients.flatMap((client) => repeated(heardBy(client).map(({ packet }) => packet))),
    acknowledgedUnhandled: acknowledged
      .map(({ message }) => message.packet)
      .filter((packet) => !reported.has(packet)),
    acknowledgedLost: clients.flatMap((listener) =>
      companions(clients, listener).flatMap((sender) =>
        listener.stays.flatMap((stay) =>
          lostDuring(stay, sender).map((packet) => `${packet} for ${listener.name}`),
        ),
      ),
    ),
    outOfOrder: clients.flatMap((listener) =>
      companions(clients, listener).flatMap((sender) => findInversions(listener, sender.name)),
    ),
    strayed: clients.flatMap((listener) => {
      const names = new Set(companions(clients, listener).map(({ name }) => name));
      return heardBy(listener)
        .filter(({ sender }) => !names.has(sender))
        .map(({ packet }) => packet);
    }),
  };
}

const companions = (clients: readonly ChatClient[], { room }: ChatClient): readonly ChatClient[] =>
  clients.filter((client) => client.room === room);

const heardBy = ({ stays }: ChatClient): readonly ChatMessage[] => stays.flatMap(({ heard }) => heard);

/**
 * What a stay must contain of one sender: acknowledged packets sent after its beginning, up to the last one it heard,
 * or to the very end when it was never broken. What comes later may have been cut off with the connection.
 */
function lostDuring(stay: Stay, sender: ChatClient): readonly string[] {
  const heard = new Set(stay.heard.map(({ packet }) => packet));
  const orders = stay.heard.filter((message) => message.sender === sender.name).map(({ order }) => order);
  const joinedAtMs = stay.joinedAtMs ?? Number.POSITIVE_INFINITY;
  const last = stay.endedAtMs === undefined ? Number.POSITIVE_INFINITY : Math.max(-1, ...orders);
  const due = (packet: SentPacket): boolean =>
    packet.ackedAtMs !== undefined && packet.sentAtMs > joinedAtMs && packet.message.order < last;
  return sender.sent
    .filter(due)
    .map(({ message }) => message.packet)
    .filter((packet) => !heard.has(packet));
}

function findInversions(listener: ChatClient, sender: string): readonly string[] {
  const own = heardBy(listener).filter((message) => message.sender === sender);
  return own
    .filter((message, index) => index > 0 && message.order < (own[index - 1]?.order ?? -1))
    .map(({ packet }) => `${packet} at ${listener.name}`);
}

function repeated(packets: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  return packets.filter((packet) => seen.has(packet) || !seen.add(packet));
}
