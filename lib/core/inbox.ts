import type { EngineApp } from "./engine.ts";
import { laneOf, toGroup, type Delivery, type Letter } from "./letter.ts";
import { onAnswer } from "./on-answer.ts";
import { onClosed } from "./on-closed.ts";
import { onFrame } from "./on-frame.ts";
import { onOpened } from "./on-opened.ts";
import { EarlyRelease } from "./release.ts";
import type { Runtime } from "./runtime.ts";
import type { Session } from "./session.ts";
import { SessionLoader } from "./session-loader.ts";
import { clearTimers } from "./timers.ts";
import { Turn } from "./turn.ts";

/** One letter on its way through a batch. */
export interface Job {
  readonly delivery: Delivery;
  readonly turn: Turn;
  /** `waiting`: not begun. `started`: its handlers have run up to their first await. Then `done` or `failed`. */
  stage: "waiting" | "started" | "done" | "failed";
  session: Session | undefined;
}

/**
 * Takes letters out of the mailbox and runs them: those of one lane of a session start in order, each after the
 * synchronous part of the one before, and, as in Socket.IO, do not wait for each other to finish. Lanes are
 * independent of each other.
 */
export class Inbox {
  readonly #runtime: Runtime;
  readonly #app: EngineApp;
  readonly #loader: SessionLoader;

  constructor(runtime: Runtime, app: EngineApp) {
    this.#runtime = runtime;
    this.#app = app;
    this.#loader = new SessionLoader(runtime, app);
  }

  /** Runs a batch to its end. Resolves with the ids of the deliveries that must be handed over again. */
  async receive(deliveries: readonly Delivery[]): Promise<readonly string[]> {
    const lanes = this.#toLanes(deliveries);
    const release = new EarlyRelease(this.#runtime, this.#app, lanes);
    try {
      await Promise.all(lanes.map((jobs) => this.#runLane(jobs)));
    } finally {
      release.stop();
    }
    await this.#runtime.strays.settle();
    return lanes
      .flat()
      .filter((job) => job.stage === "failed" && !job.turn.released)
      .map((job) => job.delivery.id);
  }

  #toLanes(deliveries: readonly Delivery[]): Job[][] {
    const lanes = new Map<string, Job[]>();
    for (const delivery of deliveries) {
      const { letter } = delivery;
      const group = toGroup(letter.sid, laneOf(letter));
      const job: Job = {
        delivery,
        turn: new Turn(letter.kind, this.#runtime.strays),
        stage: "waiting",
        session: undefined,
      };
      const lane = lanes.get(group);
      if (lane) lane.push(job);
      else lanes.set(group, [job]);
    }
    return [...lanes.values()].map((jobs) => this.#repairOrder(jobs));
  }

  /**
   * The gateway's calls to the queue have no documented order, but its time stamps do. Neighbouring frames that came
   * the wrong way round are put right; letters of our own, stamped by other clocks, stay where they are.
   */
  #repairOrder(jobs: Job[]): Job[] {
    let inversions = 0;
    for (let i = 1; i < jobs.length; i += 1) {
      for (let j = i; j > 0 && isInverted(jobs[j - 1], jobs[j]); j -= 1) {
        jobs.splice(j - 1, 2, jobs[j] as Job, jobs[j - 1] as Job);
        inversions += 1;
      }
    }
    if (inversions > 0) this.#runtime.logger.warn("frames arrived out of order", { inversions });
    return jobs;
  }

  async #runLane(jobs: readonly Job[]): Promise<void> {
    const endings: Promise<void>[] = [];
    let failed = false;
    for (const job of jobs) {
      if (failed) {
        // The letter before it comes again, so this one must come again behind it.
        job.stage = "failed";
        continue;
      }
      try {
        await this.#start(job, jobs);
        job.stage = "started";
        endings.push(this.#finish(job));
      } catch (error) {
        failed = true;
        job.turn.fail(error);
        endings.push(this.#finish(job));
      }
    }
    await this.#savePending(jobs);
    await Promise.all(endings);
  }

  async #start(job: Job, lane: readonly Job[]): Promise<void> {
    const { turn, delivery } = job;
    const { letter } = delivery;
    switch (letter.kind) {
      case "opened":
        return onOpened(this.#runtime, this.#app, letter);
      case "reap":
        return onAnswer(this.#runtime, this.#app, this.#loader, letter, turn);
      case "frame":
        if (laneOf(letter) === "answers")
          return onAnswer(this.#runtime, this.#app, this.#loader, letter, turn);
        return this.#startFrame(job, letter, lane);
      case "kick":
        job.session = await this.#session(lane, letter);
        if (job.session?.alive) await this.#app.onKick?.(job.session, letter, turn);
        return;
      case "closed":
        job.session = await this.#session(lane, letter);
        return onClosed(this.#runtime, this.#app, job.session, { ...delivery, letter }, turn);
      default:
        letter satisfies never;
    }
  }

  async #startFrame(job: Job, letter: Letter & { kind: "frame" }, lane: readonly Job[]): Promise<void> {
    const session = await this.#session(lane, letter);
    job.session = session;
    if (session === undefined || session.connectionId !== letter.connectionId) {
      this.#runtime.logger.warn("a frame came for no session; its connection is closed", {
        code: "core.frame_without_session",
        connectionId: letter.connectionId,
      });
      await this.#runtime.transport.close(letter.connectionId);
      return;
    }
    if (!session.alive) return;
    if (job.delivery.redelivered) {
      // It was handed over before: the instance crashed while it ran, and how far it came is unknown. An ordinary
      // server that crashes loses its connections; so does this one lose this connection, and the client comes back.
      this.#runtime.logger.warn("a frame was delivered again after a crash; its connection is closed", {
        code: "core.redelivered_frame",
        connectionId: letter.connectionId,
      });
      session.close(job.turn, "transport error");
      return;
    }
    await onFrame(this.#app, session, letter.text, job.turn);
  }

  /** Loads a session at most once per lane and batch. */
  async #session(lane: readonly Job[], letter: Letter): Promise<Session | undefined> {
    const known = lane.find((job) => job.session !== undefined)?.session;
    if (known) return known;

    return this.#loader.load(letter.sid);
  }

  /** Ends a turn: its handlers, their effects, and the write of what they changed. */
  async #finish(job: Job): Promise<void> {
    const { turn, session } = job;
    await turn.settle();
    if (session !== undefined && this.#app.save) {
      try {
        await this.#app.save(session);
      } catch (error) {
        turn.fail(error);
      }
      await turn.settle();
    }
    const timers = clearTimers(turn.timers);
    if (timers > 0) {
      this.#runtime.logger.error("timers were still running when their handler had ended, and were cleared", {
        code: "core.timer_outlived_turn",
        turn: turn.label,
        timers,
      });
    }
    turn.end();
    job.stage = turn.failure === undefined ? "done" : "failed";
    if (turn.failure) {
      this.#runtime.logger.error("a turn failed; its letter comes again", {
        turn: turn.label,
        error: turn.failure.error,
      });
    }
  }

  async #savePending(jobs: readonly Job[]): Promise<void> {
    const session = jobs.find((job) => job.session !== undefined)?.session;
    if (!session?.pendingChanged || !session.alive) return;
    session.pendingChanged = false;
    const { sid, pending } = session;
    const saved = pending
      ? this.#runtime.store.savePending(sid, { header: pending.header, parts: pending.parts })
      : this.#runtime.store.deletePending(sid);
    const last = jobs.at(-1);
    last?.turn.track(saved);
    await saved.catch(() => undefined);
  }
}

function isInverted(before: Job | undefined, after: Job | undefined): boolean {
  const first = before?.delivery.letter;
  const second = after?.delivery.letter;
  return first?.kind === "frame" && second?.kind === "frame" && second.atMs < first.atMs;
}
