/** What the app of the timers' tests says when one rings. */
export interface Told {
  readonly of: "alarm" | "tick";
  readonly key?: string;
  readonly payload?: string;
  readonly pid: number;
}
