/** Beats are kept by their phase: the remainder of the time of opening by the ping interval. */
export interface PhaseRange {
  readonly fromPhaseMs: number;
  readonly toPhaseMs: number;
}

/**
 * The phases that fall due in `(fromMs, untilMs]`: none, one range, two where the interval wraps, or all of them when
 * the span is as long as the interval.
 */
export function phasesDue(intervalMs: number, fromMs: number, untilMs: number): PhaseRange[] {
  const spanMs = untilMs - fromMs;
  if (spanMs <= 0) return [];
  if (spanMs >= intervalMs) return [{ fromPhaseMs: 0, toPhaseMs: intervalMs }];
  const from = phaseOf(fromMs, intervalMs) + 1;
  const to = phaseOf(untilMs, intervalMs) + 1;
  if (from <= to) return [{ fromPhaseMs: from, toPhaseMs: to }];
  return [
    { fromPhaseMs: from, toPhaseMs: intervalMs },
    { fromPhaseMs: 0, toPhaseMs: to },
  ].filter(({ fromPhaseMs, toPhaseMs }) => fromPhaseMs < toPhaseMs);
}

/** The last time up to `untilMs` at which something of this phase, begun at `startMs`, fell due. */
export function lastDueMs(startMs: number, intervalMs: number, untilMs: number): number {
  return startMs + Math.floor((untilMs - startMs) / intervalMs) * intervalMs;
}

const phaseOf = (ms: number, intervalMs: number): number => ((ms % intervalMs) + intervalMs) % intervalMs;
