import type { Sid } from "../ids.ts";
import type { SidRange } from "../state/store.ts";
import type { Tally } from "./turn.ts";

/** A key range of a large audience, and what to send to whoever is in it: plain JSON, for another process. */
export interface BroadcastPart {
  readonly nsp: string;
  /** Their union; nobody's: everyone in the namespace. */
  readonly rooms: readonly string[];
  readonly except: readonly string[];
  readonly exceptSids: readonly Sid[];
  readonly exceptSocketIds: readonly string[];
  /** Of the packet, as clients of protocol 4 get them. */
  readonly frames: readonly string[];
  readonly volatile: boolean;
  readonly range: SidRange;
  /** Into how many parts the broadcast is cut, this one included: all of them post at once. */
  readonly parts: number;
  /** Nothing is begun after that. */
  readonly untilMs: number;
}

/** Sends parts of large broadcasts, each in a process of its own. */
export interface FanOut {
  /**
   * Resolves with what became of the posts, or with undefined when the part has certainly not begun: nobody was there to
   * take it. MUST make one attempt only, for a second one would send twice. Rejects when nobody knows how far it came.
   */
  send(part: BroadcastPart): Promise<Readonly<Tally> | undefined>;
}
