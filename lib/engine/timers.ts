type Timer = ReturnType<typeof setTimeout>;

/** Set while the synchronous part of the app's code runs; timers started by libraries later are their own business. */
let capturing: Timer[] | undefined;
let installed = false;

/**
 * Timers do not survive the turn that starts them: the instance may be frozen, or another one may take the next
 * packet. So those that the app starts are noted, to be cleared and named when the turn ends.
 *
 * Replacing the global functions is ugly, and the only way to see a timer: async hooks cost a call per promise.
 */
export function captureTimers<T>(code: () => T): { readonly result: T; readonly timers: readonly Timer[] } {
  install();
  const outer = capturing;
  const timers: Timer[] = [];
  capturing = timers;
  try {
    return { result: code(), timers };
  } finally {
    capturing = outer;
  }
}

/** Clears those that have neither fired nor been cleared, and says how many they were. */
export function clearTimers(timers: readonly Timer[]): number {
  const live = timers.filter(isLive);
  for (const timer of live) clearTimeout(timer);
  return live.length;
}

/** Node marks a timer that is over in this field, and offers no public way to ask. */
const isLive = (timer: Timer): boolean => (timer as { _destroyed?: boolean })._destroyed !== true;

function install(): void {
  if (installed) return;
  installed = true;
  for (const name of ["setTimeout", "setInterval"] as const) {
    const original = globalThis[name] as (...args: unknown[]) => Timer;
    const capturingTimer = (...args: unknown[]) => {
      const timer = original(...args);
      capturing?.push(timer);
      return timer;
    };
    // `util.promisify(setTimeout)` finds its promise form in a property of the function.
    Object.defineProperties(capturingTimer, Object.getOwnPropertyDescriptors(original));
    Object.assign(globalThis, { [name]: capturingTimer });
  }
}
