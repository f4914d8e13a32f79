import type { Clock } from "../../clock.ts";
import { anySessionExpiresAtSeconds, NEVER_SECONDS } from "../expiry.ts";
import {
  toLiveAmount,
  toLiveOutcome,
  type LiveEntry,
  type LivePlace,
  type LiveSocket,
  type LiveStore,
  type LiveWrite,
} from "./live-store.ts";
import type { MemoryRows } from "../memory-rows.ts";
import { requireLiveEntry, requireLivePlace } from "../row-limits.ts";
import type { Store } from "../store.ts";

/** Of a memory store: live values of the app. */
export function createMemoryLive(
  rows: MemoryRows,
  { clock, saveSocket }: { readonly clock: Clock; readonly saveSocket: Store["saveSocket"] },
): LiveStore {
  const { live, strokes, sockets } = rows;
  const read = (place: LivePlace) => live.get(PARTITION, toRowKey(place));
  const put = ({ name, key }: LivePlace, { text, rank }: LiveEntry, version: string) =>
    live.put(PARTITION, toRowKey({ name, key }), { name, key, text, rank, version }, NEVER_SECONDS);

  const holds = (write: LiveWrite): boolean => {
    const present = read(write);
    if (write.kind !== "add") return present?.version === write.previous;
    const amount = toLiveAmount(present?.text);
    return amount !== undefined && Number.isSafeInteger(amount + write.by);
  };
  const isThere = ({ sid, nsp, socketId }: LiveSocket) => sockets.get(sid, nsp)?.socketId === socketId;
  const countOf = (letterId: string) => strokes.get(letterId, PARTITION) ?? 0;

  return {
    async listLive() {
      return live.list(PARTITION);
    },

    async commitLive(commit) {
      for (const write of commit.writes) {
        requireLivePlace(write);
        if (write.kind === "put") requireLiveEntry(write.entry);
      }
      const held = [
        ...commit.writes.map(holds),
        ...commit.strokes.map(({ letterId, count }) => countOf(letterId) < count),
        ...commit.sockets.map(isThere),
      ];
      if (held.includes(false)) return toLiveOutcome(commit, held);
      for (const write of commit.writes) {
        if (write.kind === "put") put(write, write.entry, commit.version);
        else if (write.kind === "remove") live.remove(PARTITION, toRowKey(write));
        else {
          const { text, rank } = read(write) ?? { text: "0", rank: 0 };
          put(write, { text: String(Number(text) + write.by), rank }, commit.version);
        }
      }
      for (const { letterId, count } of commit.strokes)
        strokes.put(letterId, PARTITION, count, anySessionExpiresAtSeconds(clock));
      for (const { sid, nsp, socketId, changes } of commit.sockets)
        void saveSocket(sid, nsp, socketId, changes);
      return undefined;
    },

    async countStrokes(letterId) {
      return countOf(letterId);
    },
  };
}

const PARTITION = "live";
const toRowKey = ({ name, key }: LivePlace): string => JSON.stringify([name, key ?? null]);
