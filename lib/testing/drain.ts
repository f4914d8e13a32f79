import { settlesWithin, type Clock } from "../clock.ts";
import { connectionOf } from "../engine/runtime.ts";
import type { MemoryStore } from "../state/memory-store.ts";
import type { Instance } from "./instances.ts";
import { endSession } from "../engine/end-session.ts";
import type { Work } from "./work.ts";

export interface Drain {
  readonly first: Instance;
  readonly store: MemoryStore;
  readonly letters: Work;
  readonly requests: Work;
  readonly clock: Clock;
}

/** A handler that takes longer than this to notice is left behind. */
const DRAIN_MS = 2_000;
/** A client between two GETs fetches the end of its session with the next; one that comes no more is not waited for. */
const LAST_GET_MS = 500;
const LOOK_EVERY_MS = 10;

/** Ends every session as a server that shuts down, and gives handlers and clients time to see it. */
export async function drain({ first, store, letters, requests, clock }: Drain): Promise<void> {
  const { app, runtime } = first;
  const { pingIntervalMs } = app.options;
  // A session has a beat from its OPEN on until it is closed.
  for await (const beats of store.listBeats(pingIntervalMs, 0, pingIntervalMs)) {
    for (const { sid, route } of beats) {
      await endSession(runtime, sid, connectionOf(route), "server shutting down");
    }
  }
  await settlesWithin(clock, letters.settled(), DRAIN_MS);
  const giveUpAtMs = clock.nowMs() + LAST_GET_MS;
  while (store.countRows().outboxes > 0 && clock.nowMs() < giveUpAtMs) await clock.sleep(LOOK_EVERY_MS);
  await settlesWithin(clock, requests.settled(), LAST_GET_MS);
}
