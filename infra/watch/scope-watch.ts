import type { HandlerCall, HandlerWatch } from "../../lib/handler-watch.ts";
import { Between } from "./between.ts";
import { findDeclaration } from "./declaration.ts";
import { FunctionScopes } from "./function-scopes.ts";
import { toLostVariable, type LostVariable } from "./lost-variable.ts";
import { isMarked } from "./marks.ts";
import { Sampling } from "./sampling.ts";
import type { Kept, Snapshot } from "./kept.ts";
import { Snapshots } from "./snapshot.ts";
import { sourceOf } from "./source-text.ts";
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
  const between = new Between();

  const tell = (kept: Kept, events: Iterable<string>) => {
    const declared = findDeclaration(kept, sources);
    const key = `${declared.file}:${declared.line} ${declared.name}`;
    if (told.has(key)) return;
    told.add(key);
    if (isMarked(sources.linesOf(declared.file), declared.line - 1)) return;
    onLost(toLostVariable(kept, declared, [...events]));
  };
  const end = ({ before, call, events }: Looking) => {
    const after = snapshots.take(call);
    const changed = [...after].flatMap(([key, kept]) => {
      const earlier = before.get(key);
      if (kept.isOfListener && goodbyes.has(call.event)) return [];
      return earlier !== undefined && isLost(earlier, kept) ? [{ earlier, kept }] : [];
    });
    for (const { earlier, kept } of changed) {
      const isPart = kept.form === "variable" && kept.object !== undefined && kept.object === earlier.object;
      tell((isPart ? snapshots.holderOf(kept, call) : undefined) ?? kept, events);
    }
    between.remember(after);
  };
  return {
    begin: (call) => {
      for (const looking of underWay) looking.events.add(call.event);
      if (!sampling.takes(call.event)) {
        between.forget();
        return undefined;
      }
      const before = sampling.measure(() => snapshots.take(call));
      if (before === undefined) return undefined;
      if (underWay.size === 0) for (const kept of between.changedIn(before)) tell(kept, []);
      const looking: Looking = { before, call, events: new Set([call.event]) };
      underWay.add(looking);
      const look = () => {
        underWay.delete(looking);
        sampling.measure(() => end(looking));
      };
      // A framework's listener returns before what it calls has begun: NestJS asks guards and pipes first.
      return snapshots.isOfFramework(call.listener) ? () => void setImmediate(look) : look;
    },
    close: () => scopes.close(),
  };
}

/** Both are heard by one run of the listener, and nothing comes after them. */
const goodbyes: ReadonlySet<string> = new Set(["disconnecting", "disconnect"]);

/** What a package does with its own objects is its affair, and what is made on first use can be made again. */
function isLost(before: Kept, after: Kept): boolean {
  if (before.text === after.text && before.nature === after.nature) return false;
  if (before.nature === "opaque") return false;
  if (after.nature === "opaque") {
    const isCarriedOn = after.isOfListener && before.nature === "empty" && after.kind !== "Promise";
    return isCarriedOn && !isMadeOnFirstUse(after);
  }
  const isMade = before.nature === "empty" && (after.nature === "data" || after.nature === "instance");
  return !isMade || after.isOfListener || !isMadeOnFirstUse(after);
}

/** Whoever sets it looks first whether it is there: `game ??= load()`, `if (!game) game = …`. A packet's own is set anyway. */
function isMadeOnFirstUse({ form, name, seers }: Kept): boolean {
  if (form !== "variable") return true;
  const word = name.replaceAll("$", String.raw`\$`);
  const sets = new RegExp(String.raw`(?<![\w$.])${word}\s*=(?![=>])`);
  const looks = new RegExp(
    String.raw`(?<![\w$.])${word}\s*(\?\?=|\|\|=|\?\?|\|\||\?[^.]|===?\s*(undefined|null))|!\s*${word}(?![\w$])|typeof\s+${word}(?![\w$])|if\s*\(\s*${word}(?![\w$])`,
  );
  const setters = [...seers].map(sourceOf).filter((text) => sets.test(text));
  return setters.every((text) => looks.test(text));
}
