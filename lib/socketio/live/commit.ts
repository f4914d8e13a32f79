import { randomBytes } from "node:crypto";
import { CoreError } from "../../engine/errors.ts";
import type { LiveRecord, LiveSocket, LiveWrite } from "../../state/live/live-store.ts";
import { sessionOf } from "../../engine/session.ts";
import { socketsOf } from "../replay/session-sockets.ts";
import type { ReplayPorts } from "../replay/replay-ports.ts";
import type { SocketState } from "../replay/socket-state.ts";
import { planChange, shorten, type Change, type PlannedChange } from "./change.ts";
import type { Group } from "./groups.ts";

/** How often a change begins again because others were faster; the first time at once. */
const MAX_TRIES = 40;
const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 200;
/** Of the hundred rows of a transaction, what its letters and sockets leave. */
const MAX_WRITES = 80;
const MAX_WRITTEN_BYTES = 3 * 1024 * 1024;
/** As many keys as one update of a socket takes. */
const MAX_SOCKET_KEYS = 150;

export interface CommitPorts extends ReplayPorts {
  /** The table has these changes, or will not get them: their rows are as the plans say. */
  settle(plans: readonly PlannedChange[], version: string | undefined): void;
  /** What the table says by now. */
  refresh(records: readonly LiveRecord[], changes: readonly Change[]): void;
}

/**
 * Has the table get what a group has changed, over what others have changed meanwhile. All in one transaction, up to eighty
 * rows. Rejects when the table is out of reach: whether it has them is not known then.
 */
export async function commit(ports: CommitPorts, group: Group, changes: readonly Change[]): Promise<void> {
  const { store, clock, metrics } = ports.runtime;
  let left = changes;
  const isGone = new Set<string>();
  for (let tries = 0; ;) {
    const plans = left.map(planChange);
    const [idle, busy] = [plans.filter(({ write }) => !write), plans.filter(({ write }) => write)];
    settle(ports, group, idle, undefined);
    left = busy.map(({ change }) => change);
    if (busy.length === 0) return;
    const now = firstOf(busy);
    const isLast = now.length === busy.length;
    const version = randomBytes(6).toString("base64url");
    const saves = isLast ? await beginSaves(group, isGone) : [];
    const outcome = await store
      .commitLive({
        version,
        writes: now.map(({ write }) => write as LiveWrite),
        strokes: isLast ? [...group.strokes].map(([{ letterId = "" }, count]) => ({ letterId, count })) : [],
        sockets: saves.map(({ socket }) => socket),
      })
      .catch((error: unknown) => {
        for (const { end } of saves) end(false);
        throw error;
      });
    for (const { end } of saves) end(outcome === undefined);
    if (outcome === undefined) {
      settle(ports, group, now, version);
      left = left.slice(now.length);
      continue;
    }
    for (const { socketId } of outcome.sockets) isGone.add(socketId);
    const isRepeated = outcome.strokes.length > 0;
    if (outcome.writes.length > 0 || isRepeated) ports.refresh(await store.listLive(), left);
    if (isRepeated) return drop(ports, left);
    if (outcome.writes.length === 0) continue;
    tries += 1;
    if (tries === MAX_TRIES) {
      report(ports, group, tooMany(left));
      return drop(ports, left);
    }
    metrics.add("LiveConflicts", outcome.writes.length, "merged");
    if (tries > 1)
      await clock.sleep(
        Math.ceil(Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1))),
      );
  }
}

/** Takes back what is not to be stored. */
function drop(ports: CommitPorts, changes: readonly Change[]): void {
  const plans = changes.map((change) => ({
    change,
    next: change.place.stored,
    write: undefined,
    conflicts: [],
  }));
  ports.settle(plans, undefined);
}

/** What has no answer is told when the rest of its row is stored. */
function settle(
  ports: CommitPorts,
  group: Group,
  plans: readonly PlannedChange[],
  version: string | undefined,
): void {
  ports.settle(plans, version);
  for (const { change, conflicts } of plans)
    for (const { path, mine, theirs } of conflicts) {
      ports.runtime.metrics.add("LiveConflicts", 1, "lost");
      const title = `${change.place.value.titleOf(change.place)}${path}`;
      report(
        ports,
        group,
        new CoreError(
          "core.live_conflict",
          `expected nobody else to change ${title} between a handler's reading and writing it, got ${shorten(theirs)} ` +
            `from another instance, which stays, and ${shorten(mine)} from here, which is not stored`,
          {
            evidence: {
              name: change.place.value.name,
              at: title,
              stored: shorten(theirs),
              lost: shorten(mine),
            },
          },
        ),
      );
    }
}

export function report({ reportFailure }: ReplayPorts, { turns }: Group, error: unknown): void {
  const [turn] = turns;
  reportFailure({ error, event: turn?.label ?? "", nsp: "", socketId: "" });
}

function tooMany(changes: readonly Change[]): CoreError {
  const titles = changes.map(({ place }) => place.value.titleOf(place));
  return new CoreError(
    "core.live_conflict",
    `expected a change of ${titles.join(", ")} to be stored, got ${MAX_TRIES} changes by others in its way; ` +
      "spread what many change over several keys",
    { evidence: { at: titles } },
  );
}

/** As many as fit one transaction. */
function firstOf(plans: readonly PlannedChange[]): readonly PlannedChange[] {
  let bytes = 0;
  const end = plans.findIndex(({ write }, index) => {
    bytes += write?.kind === "put" ? Buffer.byteLength(write.entry.text ?? "") : 0;
    return index === MAX_WRITES || (index > 0 && bytes > MAX_WRITTEN_BYTES);
  });
  return end === -1 ? plans : plans.slice(0, end);
}

interface Save {
  readonly socket: LiveSocket;
  readonly end: (isStored: boolean) => void;
}

/** What the turns' sockets keep goes with it, so that a crash leaves both or neither. */
async function beginSaves(group: Group, isGone: ReadonlySet<string>): Promise<readonly Save[]> {
  const sessions = new Set([...group.turns].map(sessionOf).filter((session) => session !== undefined));
  for (const turn of group.turns) turn.collect();
  const states = [...sessions].flatMap((session) => [...socketsOf(session).values()]);
  const saves = await Promise.all(
    states
      .filter(({ id }) => !isGone.has(id))
      .slice(0, MAX_SAVES)
      .map(beginSave),
  );
  return saves.filter((save) => save !== undefined);
}

const MAX_SAVES = 18;

async function beginSave(state: SocketState): Promise<Save | undefined> {
  const { changes, end } = await state.beginSave();
  const keys = changes ? Object.keys(changes.set).length + changes.remove.length : 0;
  if (changes === undefined || keys > MAX_SOCKET_KEYS) {
    end(false);
    return undefined;
  }
  return { socket: { sid: state.sid, nsp: state.nsp, socketId: state.id, changes }, end };
}
