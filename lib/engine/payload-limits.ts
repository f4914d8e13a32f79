import type { Logger } from "../log.ts";
import type { Session } from "./session.ts";
import type { Turn } from "./turn.ts";

/**
 * Acknowledgements of one delivery that nobody waits for: late ones, and those that a repeated delivery brings again. A
 * client answers what it was asked, once, so honest ones have next to none.
 */
export const MAX_UNASKED_ACKS = 10;

/** A limit that a client went over with one delivery. */
export interface Excess {
  readonly code: string;
  /** What the client did. */
  readonly message: string;
  readonly limit: number;
}

/** Ends the session that went over a limit, and it alone. */
export function endForExcess(
  { logger }: { readonly logger: Logger },
  session: Session,
  turn: Turn,
  { code, message, limit }: Excess,
): void {
  if (!session.alive) return;
  logger.info(`${message}; its session is closed`, { code, limit });
  // Should it be an honest one, it comes back.
  session.close(turn, "transport error", { abrupt: true });
}

export const tooManyPackets = (limit: number): Excess => ({
  code: "core.too_many_packets",
  message: "a client has sent too many packets in one POST",
  limit,
});

/** An acknowledgement that is in order, but that nobody waits for. */
export function countUnaskedAck(runtime: { readonly logger: Logger }, session: Session, turn: Turn): void {
  if (turn.spending.spend("unasked ack", MAX_UNASKED_ACKS)) return;
  endForExcess(runtime, session, turn, {
    code: "core.unasked_acks",
    message: "a client has sent acknowledgements that nobody asked for",
    limit: MAX_UNASKED_ACKS,
  });
}
