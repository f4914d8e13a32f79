import type { Clock } from "../clock.ts";
import { createMemoryAcks } from "./memory-acks.ts";
import { createMemoryBeats } from "./memory-beats.ts";
import { createMemoryDeployment } from "./memory-deployment.ts";
import { createMemoryLeases } from "./memory-leases.ts";
import { createMemoryLive } from "./live/memory-live.ts";
import { createMemoryMembers } from "./memory-members.ts";
import { createMemoryOutboxes } from "./memory-outboxes.ts";
import { createMemoryRecovery } from "./memory-recovery.ts";
import { createMemoryShared } from "./memory-shared.ts";
import { createMemoryRooms } from "./memory-rooms.ts";
import { createMemoryRows, type MemoryRowKind } from "./memory-rows.ts";
import { createMemorySessions } from "./memory-sessions.ts";
import type { Store } from "./store.ts";

export interface MemoryStoreOptions {
  readonly clock: Clock;
  /** Members or beats a page. Small pages show whether a caller reads on. Default 1000. */
  readonly pageSize?: number;
}

export interface MemoryStore extends Store {
  /** How many live rows there are of each kind: what a test asks after everybody has left. */
  countRows(): MemoryRowCounts;
}

export type MemoryRowCounts = Readonly<Record<MemoryRowKind, number>>;

/**
 * The contract of `Store` as a program: what a method does here is what it means. Every method runs to its end
 * without yielding, which makes it as atomic as a single write of DynamoDB; no caller may build on more than that.
 */
export function createMemoryStore({ clock, pageSize = 1000 }: MemoryStoreOptions): MemoryStore {
  const rows = createMemoryRows(clock);
  const members = createMemoryMembers(rows, { clock, pageSize });
  return {
    ...createMemorySessions(rows),
    ...members,
    ...createMemoryOutboxes(rows),
    ...createMemoryBeats(rows, { clock, pageSize }),
    ...createMemoryAcks(rows),
    ...createMemoryRecovery(rows),
    ...createMemoryLeases(rows),
    ...createMemoryRooms(rows, clock),
    ...createMemoryShared(rows, pageSize),
    ...createMemoryLive(rows, { clock, saveSocket: members.saveSocket }),
    ...createMemoryDeployment(rows, clock),
    countRows: () =>
      Object.fromEntries(
        Object.entries(rows).map(([kind, shelf]) => [kind, shelf.count()]),
      ) as MemoryRowCounts,
  };
}
