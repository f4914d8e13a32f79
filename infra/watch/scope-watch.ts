import type { HandlerCall, HandlerWatch } from "../../lib/handler-watch.ts";
import { findDeclaration } from "./declaration.ts";
import { FunctionScopes } from "./function-scopes.ts";
import { toLostVariable, type LostVariable } from "./lost-variable.ts";
import { isMarked } from "./marks.ts";
import { Sampling } from "./sampling.ts";
import { Snapshots, type Kept, type Snapshot } from "./snapshot.ts";
import { Sources } from "./sources.ts";

export interface ScopeWatchOptions {
  /** Beginnings of paths whose code is not the app's; packages in `node_modules` are not in any case. */
  readonly foreign: readonly string[];
  /** Called once for each variable. */
  readonly onLost: (lost: LostVariable) => void;
  /** Looking itself failed; the app goes on as if nobody looked. */
  readonly onFailed: (error: unknown) => void;
  /** Every call is looked at, not the first ones and then some. Default false. */
  readonly everyCall?: boolean;
}

export interface ScopeWatch extends HandlerWatch {
  close(): void;
}

interface Looking {
  readonly before: Snapshot;
  readonly call: HandlerCall;
  readonly events: Set<string>;
}

/**
 * Looks at the variables of an app before and after its handlers, and tells which of them a handler has changed: the next
 * packet may run on an instance that has others.
 */
export function createScopeWatch({
  foreign,
  onLost,
  onFailed,
  everyCall = false,
}: ScopeWatchOptions): ScopeWatch {
  const scopes = new FunctionScopes();
  const sources = new Sources(foreign);
  const snapshots = new Snapshots(scopes, sources);
  const sampling = new Sampling(everyCall, onFailed);
  const underWay = new Set<Looking>();
  const told = new Set<string>();

  const tell = (kept: Kept, events: Iterable<string>) => {
    const declared = findDeclaration(kept, sources);
    const key = `${declared.file}:${declared.line} ${declared.name}`;
    if (told.has(key)) return;
    told.add(key);
    if (isMarked(sources.linesOf(declared.file), declared.line - 1)) return;
    onLost(toLostVariable(kept, declared, [...events]));
  };
  const end = ({ before, call, events }: Looking) => {
    const after = snapshots.take(call.listener, call.self);
    for (const [key, kept] of after) {
      const earlier = before.get(key);
      if (kept.isOfListener && goodbyes.has(call.event)) continue;
      if (earlier !== undefined && isLost(earlier, kept)) tell(kept, events);
    }
  };
  return {
    begin: (call) => {
      for (const looking of underWay) looking.events.add(call.event);
      if (!sampling.takes(call.event)) return undefined;
      const take = () => snapshots.take(call.listener, call.self);
      const before = sampling.measure(take);
      if (before === undefined) return undefined;
      const looking: Looking = { before, call, events: new Set([call.event]) };
      underWay.add(looking);
      return () => {
        underWay.delete(looking);
        sampling.measure(() => end(looking));
      };
    },
    close: () => scopes.close(),
  };
}

/** Both are heard by one run of the listener, and nothing comes after them. */
const goodbyes: ReadonlySet<string> = new Set(["disconnecting", "disconnect"]);

/** What a package does with its own objects is its affair, and what is made on first use can be made again. */
function isLost(before: Kept, after: Kept): boolean {
  if (before.text === after.text && before.nature === after.nature) return false;
  if (after.nature === "opaque" || before.nature === "opaque") return false;
  const isMade = before.nature === "empty" && after.nature === "data";
  return !isMade || after.isOfListener;
}
