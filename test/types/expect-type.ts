/** True when two types are the same, not merely assignable to each other. */
export type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles when its argument is `true`: `expectType<Same<A, B>>(true)`. Nothing runs; `tsc` is the test. */
export const expectType = <T extends true>(_: T): void => undefined;
