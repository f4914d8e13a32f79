/** The one source of time. Everything that compares times takes one of these, so a test can own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Resolves after `durationMs`, or at once when the signal aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      signal?.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    }),
};

export const toSeconds = (ms: number): number => Math.ceil(ms / 1000);

/** Whether a promise settles within `durationMs`. Never rejects, and leaves no timer behind. */
export async function settlesWithin(
  clock: Clock,
  promise: Promise<unknown>,
  durationMs: number,
): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(
    () => true,
    () => true,
  );
  const outcome = await Promise.race([settled, clock.sleep(durationMs, timer.signal).then(() => false)]);
  // With a reason: without one an exception is made, with its stack.
  timer.abort("settled");
  return outcome;
}
