import type { Clock } from "../../clock.ts";
import type { PostPace } from "./post-pace.ts";

export interface PacedOptions<Recipient> {
  readonly pace: PostPace;
  readonly clock: Clock;
  /** Whether it takes a post to reach that one. */
  readonly isPosted: (recipient: Recipient) => boolean;
  /** In how many parts the broadcast is sent at once. */
  readonly parts: number;
  /** Nothing begins after that. */
  readonly untilMs: number;
}

/** Whose posts may begin now; or to whom there is no time left to post. */
export interface PacedRecipients<Recipient> {
  readonly recipients: readonly Recipient[];
  readonly isLate: boolean;
}

/** All parts of a broadcast together reserve so much at a time: of two broadcasts none gets more than the other. */
const ROUND_SECONDS = 0.17;
const FEWEST = 10;
const MOST = 400;

/**
 * Recipients, which come in pages, some at a time, each when their posts may begin. The next ones are read, and the time for them is reserved,
 * while these wait and are sent: or each part would stand still for as long as the table takes to answer.
 */
export async function* inPace<Recipient>(
  pages: AsyncIterable<readonly Recipient[]> | Iterable<readonly Recipient[]>,
  { pace, clock, isPosted, parts, untilMs }: PacedOptions<Recipient>,
): AsyncGenerator<PacedRecipients<Recipient>> {
  const iterator = Symbol.asyncIterator in pages ? pages[Symbol.asyncIterator]() : pages[Symbol.iterator]();
  let left: readonly Recipient[] = [];
  const read = async () => {
    const size = Math.ceil((pace.postsPerSecond * ROUND_SECONDS) / parts);
    const most = Math.min(MOST, Math.max(FEWEST, size));
    const next: Recipient[] = [];
    for (;;) {
      const taken = left.slice(0, most - next.length);
      next.push(...taken);
      left = left.slice(taken.length);
      if (next.length === most) break;
      const { done, value } = await iterator.next();
      if (done) break;
      left = value;
    }
    const posts = clock.nowMs() < untilMs ? next.filter(isPosted).length : 0;
    return { recipients: next, beginsAtMs: posts === 0 ? 0 : await pace.reserve(posts) };
  };
  const readAhead = () => {
    const reading = read();
    // Who stops asking does not hear of it.
    reading.catch(() => undefined);
    return reading;
  };
  let ahead = readAhead();
  for (;;) {
    const { recipients: next, beginsAtMs } = await ahead;
    if (next.length === 0) return;
    ahead = readAhead();
    const nowMs = clock.nowMs();
    const isLate = Math.max(nowMs, beginsAtMs) >= untilMs;
    if (!isLate && beginsAtMs > nowMs) await clock.sleep(beginsAtMs - nowMs);
    yield { recipients: next, isLate };
  }
}
