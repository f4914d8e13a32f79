import type { FifoQueue } from "./mailbox/fifo-queue.ts";
import type { RouteKey } from "./topology.ts";

/**
 * What API Gateway, the queue or the edge might do otherwise than this repository assumes. They are there to show that
 * `nonsticky verify` sees it. Read at every use: a test may set and unset them while the stack runs.
 */
export interface Faults {
  /** Its integration fails. */
  failedRoute?: RouteKey | undefined;
  /** The mapping template puts everything of a session into one group. */
  oneLane?: boolean;
  /** Every so many-th frame reaches the queue late, behind the frames after it. */
  lateFrameEvery?: number | undefined;
  /** How much later; default 60 ms. */
  lateFrameMs?: number | undefined;
  /** Messages that a function deletes keep their group locked until its invocation ends. */
  lockedGroups?: boolean;
  /** Every so many-th frame is one too many for the account: its connection is closed. */
  throttledFrameEvery?: number | undefined;
  /** Every so many-th frame is one too many for the account, and is lost, without a word. */
  lostFrameEvery?: number | undefined;
  /** The mapping template reads a frame's bytes as Latin-1. */
  latinBodies?: boolean;
  /** Instead of 32 KB. */
  inboundLimitBytes?: number | undefined;
  /** Instead of 1003. */
  binaryCloseCode?: number | undefined;
  /** Every so many-th post is answered 200 and never arrives. */
  lostPostEvery?: number | undefined;
  /** Every so many-th post is answered 200 and arrives behind the next ones. */
  latePostEvery?: number | undefined;
  /** Every so many-th post is sent, and answered 500. */
  failedPostEvery?: number | undefined;
  /** Every so many-th batch that was done is handed over once more, as where its deletion was lost. */
  repeatedBatchEvery?: number | undefined;
  /** Every delayed message comes so much later; below 0 so much earlier, with a time stamp of when it was sent to match. */
  wrongDelayMs?: number | undefined;
  /** Every post takes so much longer. */
  slowPostMs?: number | undefined;
  /** Posts leave as binary frames. */
  binaryPosts?: boolean;
  /** Posts over so many bytes are refused, instead of 128 KB. */
  postLimitBytes?: number | undefined;
  /** Of connections that functions delete, instead of 1000. */
  deletionCloseCode?: number | undefined;
  /** A ping frame of the WebSocket protocol ends the connection. */
  closesAtPing?: boolean;
  /** What was posted just before a connection is closed is lost. */
  lostLastWords?: boolean;
  /** The WebSocket API does not know its stage with a slash at the end. */
  noTrailingSlash?: boolean;
  /** The HTTP API's `{proxy+}` does not take an empty rest. */
  noEmptyRest?: boolean;
  /** The edge sends everything to the HTTP API. */
  blindEdge?: boolean;
  /** The mailbox was deleted: neither the gateway nor a function can send to it. */
  missingQueue?: boolean;
  /**
   * The stage of the WebSocket API was deleted: handshakes and posts are refused. What becomes of connections is in no
   * documentation; here, the worst: they stay, and nothing comes of their frames.
   */
  deletedStage?: boolean;
}

/** How late what is late comes, where nothing else is said, in milliseconds. */
export const LATE_MS = 60;

/** Counts up to `every`, and is true each time it gets there. */
export class Turnstile {
  #count = 0;

  isNext(every: number | undefined): boolean {
    if (every === undefined) return false;
    this.#count += 1;
    return this.#count % every === 0;
  }
}

/** A queue as functions see it, whose deletions do nothing before the event source makes them itself. */
export const withLockedGroups = (queue: FifoQueue): FifoQueue =>
  new Proxy(queue, {
    get(target, key) {
      if (key === "delete") return () => true;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
