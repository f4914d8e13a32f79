import { CoreError } from "../../engine/errors.ts";
import { currentContext, type Turn } from "../../engine/turn.ts";
import type { LiveRecord } from "../../state/live/live-store.ts";
import type { ReplayPorts } from "../replay/replay-ports.ts";
import type { Change, PlannedChange } from "./change.ts";
import { commit } from "./commit.ts";
import { Groups, type Group } from "./groups.ts";
import { LiveHolder } from "./live-holder.ts";
import type { LivePort } from "./live-port.ts";
import { LiveWarnings } from "./live-warnings.ts";
import { LiveValue, WHOLE, type Place } from "./live-value.ts";
import { Sizes } from "./live-size.ts";
import { Refused } from "./refused.ts";
import { requireName } from "./require-name.ts";
import { rebase, takeRecords } from "./rebase.ts";
import { isSame } from "./three-way.ts";
import { Traces } from "./traces.ts";
import { isContainer, Views } from "./views.ts";
import { WatchedPlaces } from "./watched-places.ts";
import { isRepeatable, Writers } from "./writers.ts";

/**
 * The live values of one app, as this instance has them. All turns of the instance see the same present, as they would in
 * a process; it is read anew for each batch of letters, and what is changed goes to the table before anything that its
 * turn does after that.
 *
 *     handler   users.ann = …       noted: the row has changed, by this turn
 *     handler   io.emit(…), ack()   wait behind the row
 *     tick      ends                one transaction of all rows that have changed here, with what sockets keep
 *     table     has them            what waited goes out; the turn may end
 */
export class LiveValues implements LivePort {
  readonly #values = new Map<string, LiveValue>();
  /** By what stands for the whole of one. */
  readonly #roots = new Map<unknown, LiveValue>();
  readonly #traces = new Traces();
  readonly #writers = new Writers();
  readonly #warnings = new LiveWarnings(() => this.#ports?.runtime.logger);
  readonly #dirty = new Set<Place>();
  readonly #watched = new WatchedPlaces();
  /** Rows that are on their way into the table. */
  readonly #underWay = new Map<Place, number>();
  /** Counts readings and writings, so that one that began before the other tells nothing of it. */
  #moment = 0;
  readonly #writtenAt = new WeakMap<Place, number>();
  readonly #views: Views;
  readonly #groups: Groups;
  #ports: ReplayPorts | undefined;
  #reading: Promise<void> | undefined;

  constructor() {
    this.#views = new Views({
      titleOf: (target) => this.#titleOf(target),
      admitsWrite: (target, key, written) => this.#admitsWrite(target, key, written),
      onRead: (target, key) => this.#onRead(target, key),
      onReached: (parent, key, child) => {
        for (const place of this.#placesAt(parent, key)) this.#traces.own(child, place);
      },
    });
    this.#groups = new Groups({
      collect: (group) => this.#collect(group),
      store: (group, changes) => this.#store(group, changes),
    });
  }

  /** An object, list, map or set as itself, anything else as a holder of it. */
  declare(name: string, initial: unknown): unknown {
    const value = this.#add(name, initial);
    return isContainer(initial) ? value.present : this.#holderOf(value);
  }

  /** Whatever it is, as a holder of it. */
  declareVariable(name: string, initial: unknown): LiveHolder {
    return this.#holderOf(this.#add(name, initial));
  }

  serve(ports: ReplayPorts): void {
    this.#ports = ports;
    for (const value of this.#values.values()) value.settleInitial();
  }

  begin(ports: ReplayPorts): void {
    if (this.#values.size === 0) return;
    this.serve(ports);
    const moment = ++this.#moment;
    const reading: Promise<void> = ports.runtime.store.listLive().then((records) => {
      this.#take(
        records,
        (place) => !this.#underWay.has(place) && (this.#writtenAt.get(place) ?? 0) < moment,
      );
      if (this.#reading === reading) this.#reading = undefined;
    });
    this.#reading = reading;
    // Whoever waits for it hears of it.
    reading.catch(() => undefined);
  }

  ready(): Promise<void> | undefined {
    return this.#reading;
  }

  async recall(turn: Turn, letterId: string): Promise<void> {
    if (this.#values.size === 0 || this.#ports === undefined || !isRepeatable(turn)) return;
    this.#writers.resume(turn, await this.#ports.runtime.store.countStrokes(letterId));
  }

  #add(name: string, initial: unknown): LiveValue {
    requireName(name, this.#values);
    const value: LiveValue = new LiveValue(name, this.#views.unwrap(initial), {
      views: this.#views,
      nowMs: () => this.#ports?.runtime.clock.nowMs() ?? 0,
      isAssigned: (target, key) => this.#traces.isAssigned(target, key),
      own: (container, place) => this.#traces.own(container, place),
      placesOf: (container) => this.#traces.placesOf(container),
      onShared: (...places) => this.#warnings.tellShared(places),
    });
    this.#values.set(name, value);
    this.#noteRoot(value);
    return value;
  }

  #holderOf(value: LiveValue): LiveHolder {
    return new LiveHolder(value.title, {
      read: () => {
        if (!isContainer(value.root)) this.#onRead(value, WHOLE);
        return value.present;
      },
      write: (next) => {
        const places = value.placesFor(next);
        if (!this.#admits(places, value, WHOLE)) return;
        this.#roots.delete(value.root);
        value.replace(next);
        this.#noteRoot(value);
        this.#watch(places, next);
      },
    });
  }

  #noteRoot(value: LiveValue): void {
    if (isContainer(value.root)) this.#roots.set(value.root, value);
  }

  #onRead(target: object, key: unknown): void {
    const context = currentContext();
    if (context?.mode === "live") this.#traces.noteRead(context.turn, target, key);
  }

  #titleOf(target: object): string {
    const value = this.#roots.get(target);
    if (value !== undefined) return value.title;
    const [place] = this.#traces.placesOf(target);
    return place === undefined ? "what is in a live value" : `what is in ${place.value.titleOf(place)}`;
  }

  /** The rows that a property is in. */
  #placesAt(target: object, key: unknown): readonly Place[] {
    const value = this.#roots.get(target);
    if (value === undefined) return this.#traces.placesOf(target);
    return [value.isWhole ? value.placeAt(undefined) : value.placeOf(key)];
  }

  #admitsWrite(target: object, key: unknown, written: { readonly value: unknown } | undefined): boolean {
    const places = this.#placesAt(target, key);
    if (!this.#admits(places, target, key)) return false;
    const value = this.#roots.get(target);
    const [place] = places;
    if (value && !value.isWhole && place) value.noteOrder(place, written === undefined);
    if (written) this.#watch(places, written.value);
    return true;
  }

  /** Whether the running code may write; if so, it is noted what. */
  #admits(places: readonly Place[], target: object, key: unknown): boolean {
    // While the module is loading, it makes the initial value.
    if (this.#ports === undefined) return true;
    const context = currentContext();
    if (context?.mode === "replay") return false;
    if (context === undefined) this.#warnings.tellOutside(places);
    const turn = context?.turn ?? this.#ports.runtime.detached;
    const stroke = this.#writers.strokeOf(turn);
    if (stroke === undefined) return false;
    this.#join(turn, stroke);
    for (const place of places) this.#dirty.add(place);
    this.#traces.noteWrite(turn, target, key);
    return true;
  }

  /** What the app has put there it may still hold by itself, and change after that. */
  #watch(places: readonly Place[], put: unknown): void {
    if (this.#ports === undefined || !isContainer(put) || this.#views.unwrap(put) !== put) return;
    const turn = currentContext()?.turn ?? this.#ports.runtime.detached;
    if (!this.#watched.isWatching(turn)) turn.atEnd(() => this.#release(turn));
    this.#watched.add(turn, places);
  }

  /** From here on what the turn does waits behind what it has changed. */
  #join(turn: Turn, stroke: number): void {
    this.#groups.join(turn, stroke);
    turn.hold ??= () => {
      if (!this.#groups.isOpenFor(turn)) this.#lookAgain(turn);
      return this.#groups.pendingOf(turn);
    };
  }

  /** Whether a turn has changed what it has put there, past our views. */
  #lookAgain(turn: Turn): void {
    for (const place of this.#watched.placesOf(turn)) {
      if (isSame(treeOf(place), place.sealed)) continue;
      const stroke = this.#writers.strokeOf(turn);
      if (stroke === undefined) place.value.write(place, place.sealed);
      else {
        this.#join(turn, stroke);
        this.#dirty.add(place);
      }
    }
  }

  /** A turn's handlers have ended. */
  async #release(turn: Turn): Promise<void> {
    this.#lookAgain(turn);
    this.#watched.release(turn);
    await this.#groups.pendingOf(turn);
  }

  #collect(group: Group): readonly Change[] {
    const changes: Change[] = [];
    const [sizes, refused] = [new Sizes(), new Refused()];
    for (const place of new Set([...this.#dirty, ...this.#watched.places()])) {
      const change = this.#changeOf(place, sizes, refused);
      if (change === undefined) continue;
      changes.push(change);
      place.sealed = change.mine;
      this.#underWay.set(place, (this.#underWay.get(place) ?? 0) + 1);
    }
    if (this.#ports) refused.tell(this.#ports, group);
    this.#dirty.clear();
    this.#traces.forgetWrites();
    return changes;
  }

  /** What cannot be stored is told, and taken back. */
  #changeOf(place: Place, sizes: Sizes, refused: Refused): Change | undefined {
    const { value, sealed: base } = place;
    try {
      const { tree: mine, assigned } = value.read(place);
      this.#noteRoot(value);
      const rank = place.rank ?? 0;
      if (
        isSame(mine, base) &&
        (mine === undefined || place.key === undefined || rank === place.sealedRank)
      ) {
        // It has come back to what it was, and the table may have gone on from there.
        if (!this.#underWay.has(place)) rebase(place, base, place.stored);
        return undefined;
      }
      sizes.require(place, mine);
      place.sealedRank = rank;
      return { place, base, mine, assigned, rank };
    } catch (error) {
      if (!(error instanceof CoreError)) throw error;
      refused.add(place, error);
      value.write(place, base);
      this.#noteRoot(value);
      return undefined;
    }
  }

  async #store(group: Group, changes: readonly Change[]): Promise<void> {
    const ports = this.#ports;
    if (ports === undefined || changes.length === 0) return;
    const places = new Set(changes.map(({ place }) => place));
    try {
      await commit(
        {
          runtime: ports.runtime,
          watch: ports.watch,
          replayCheck: ports.replayCheck,
          reportFailure: ports.reportFailure,
          settle: (plans, version) => this.#settle(plans, version),
          refresh: (records, of) => {
            const wanted = new Set(of.map(({ place }) => place));
            takeRecords(this.#values, records, (place) => wanted.has(place), "stored only");
          },
        },
        group,
        changes,
      );
    } catch (error) {
      // Whether the table has it will be seen when it is read next.
      for (const { place, mine } of changes) {
        place.isGuess = true;
        rebase(place, mine, place.stored);
      }
      throw error;
    } finally {
      for (const place of places) {
        const count = (this.#underWay.get(place) ?? 1) - 1;
        if (count === 0) this.#underWay.delete(place);
        else this.#underWay.set(place, count);
        this.#noteRoot(place.value);
      }
    }
  }

  #settle(plans: readonly PlannedChange[], version: string | undefined): void {
    this.#moment += 1;
    for (const { change, next, write } of plans) {
      const { place, mine, rank } = change;
      if (write) {
        place.stored = next;
        place.storedRank = next === undefined ? undefined : rank;
        place.version = write.kind === "remove" ? undefined : version;
        place.isGuess = write.kind === "add";
        this.#writtenAt.set(place, this.#moment);
      }
      rebase(place, mine, next);
    }
  }

  #take(records: readonly LiveRecord[], isMeant: (place: Place) => boolean): void {
    const unfit = takeRecords(this.#values, records, isMeant);
    const isIdle = (place: Place) => isMeant(place) && !this.#dirty.has(place) && !this.#watched.has(place);
    for (const value of this.#values.values()) {
      this.#noteRoot(value);
      value.forget(isIdle);
    }
    for (const name of unfit) this.#warnings.tellUnfit(name);
  }
}

function treeOf(place: Place) {
  try {
    return place.value.read(place).tree;
  } catch {
    // It is looked at again when it is to be stored, and told then.
    return undefined;
  }
}
