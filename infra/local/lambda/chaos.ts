import { createRandom } from "../random.ts";

/** `during`: SIGKILL so many milliseconds after the invocation began. `after`: right after its answer was accepted. */
export type Fate =
  { readonly kind: "during"; readonly afterMs: number } | { readonly kind: "after" } | undefined;

const LATEST_KILL_MS = 20;

/** Decides, in the order of invocations and by the seed alone, which instances die and when. */
export function createChaos(probabilityOf: () => number, seed: number): (interruptible: boolean) => Fate {
  const random = createRandom(seed);
  return (interruptible) => {
    const probability = probabilityOf();
    if (probability === 0 || random() >= probability) return undefined;
    const during = random() < 0.5;
    const afterMs = random() * LATEST_KILL_MS;
    return during && interruptible ? { kind: "during", afterMs } : { kind: "after" };
  };
}
