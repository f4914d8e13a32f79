/** Timers as a module begins them while it is loaded. The lines are named in module-timers.test.ts. */
export function beginTimers(): NodeJS.Timeout[] {
  const nothing = () => undefined;
  return [
    setInterval(nothing, 5_000),
    setInterval(nothing, 10),
    // nonsticky: cache
    setInterval(nothing, 5_000),
    setTimeout(nothing, 5_000),
  ];
}
