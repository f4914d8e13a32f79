import { settlesWithin } from "../../clock.ts";
import type { Turn } from "../../engine/turn.ts";
import type { PacketPorts } from "./packet-ports.ts";

/** How long a middleware that has finished without calling `next` is waited for. */
const NEXT_WAIT_MS = 10_000;

export type Outcome = "passed" | "silent" | { readonly error: unknown } | { readonly thrown: unknown };

/** `error`: given to `next`. `silent`: it ended without calling `next`, and did not do so within a bound either. */
export async function untilNext(
  { runtime }: Pick<PacketPorts, "runtime">,
  turn: Turn,
  run: (next: (error?: Error | null) => void) => unknown,
  late: { readonly waitMs: number; readonly onIdle?: () => void } = { waitMs: NEXT_WAIT_MS },
): Promise<Outcome> {
  let outcome: Outcome | undefined;
  let onNext: () => void = () => undefined;
  const called = new Promise<void>((resolve) => (onNext = resolve));
  const next = (error?: unknown) => {
    outcome ??= error ? { error } : "passed";
    onNext();
  };
  const ran = (async () => turn.run("live", () => run(next)))().catch((thrown: unknown) => {
    outcome ??= { thrown };
    onNext();
  });
  await Promise.race([called, ran]);
  if (outcome === undefined) {
    late.onIdle?.();
    await settlesWithin(runtime.clock, called, late.waitMs);
  }
  return outcome ?? "silent";
}
