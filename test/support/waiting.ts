/** How long a test waits for something that a working server does at once. Only failing tests wait this long. */
export const PATIENCE_MS = 15_000;

/** Rejects with `explain()` when `promise` has not settled in time. */
export async function within<Value>(
  promise: Promise<Value>,
  explain: () => string,
  patienceMs: number = PATIENCE_MS,
): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${explain()} (waited ${patienceMs} ms)`)), patienceMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Polls an observation of another process, which cannot tell us when it changes. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  explain: () => string,
  patienceMs: number = PATIENCE_MS,
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`${explain()} (waited ${patienceMs} ms)`);
    await pause(20);
  }
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
