import type { Sid } from "../../ids.ts";
import { withLogContext } from "../../log.ts";
import type { EngineApp } from "../engine.ts";
import type { Delivery, Letter } from "../letter.ts";
import { endForExcess, tooManyPackets, type Excess } from "../payload-limits.ts";
import { onProbeFrame } from "../polling/on-probe.ts";
import { MAX_PENDING_BYTES, toPendingBytes } from "../../state/row-limits.ts";
import type { Runtime } from "../runtime.ts";
import type { Session } from "../session.ts";
import { SessionLoader } from "../session-loader.ts";
import { clearTimers } from "../timers.ts";
import { Turn } from "../turn.ts";
import { BatchSessions } from "./batch-sessions.ts";
import { EarlyRelease } from "./early-release.ts";
import { FrameRates } from "./frame-rates.ts";
import { InvocationTime } from "./invocation-time.ts";
import type { FrameTask, Job, Task } from "./job.ts";
import { countTurn, toLogContext } from "./job-log.ts";
import type { DeliveryRun, Lane } from "./lane.ts";
import { onClosed } from "./on-closed.ts";
import { onFrame } from "./on-frame.ts";
import { onOpened } from "./on-opened.ts";
import { onReap, onUrgentFrame } from "./on-urgent-frame.ts";
import { SharedSaves } from "./shared-saves.ts";
import { TimeSlices } from "./time-slices.ts";
import { toLanes } from "./to-lanes.ts";

/**
 * Takes letters out of the mailbox and runs them: those of one lane of a session start in order, each after the
 * synchronous part of the one before, and, as in Socket.IO, do not wait for each other to finish. Lanes are
 * independent of each other, and every ack is a lane of its own.
 */
export class Inbox {
  readonly #runtime: Runtime;
  readonly #app: EngineApp;
  readonly #loader: SessionLoader;
  readonly #saves: SharedSaves;
  readonly #slices: TimeSlices;
  readonly #rates: FrameRates;

  constructor(runtime: Runtime, app: EngineApp) {
    this.#runtime = runtime;
    this.#app = app;
    this.#loader = new SessionLoader(runtime, app);
    this.#saves = new SharedSaves(app);
    this.#slices = new TimeSlices(runtime.clock);
    this.#rates = new FrameRates(app.options.maxFramesPerMinute);
  }

  /**
   * Runs a batch, to its end if `deadlineMs`, when the invocation ends, is not before that. Resolves with the ids of the
   * deliveries that must be handed over again.
   */
  async receive(deliveries: readonly Delivery[], deadlineMs?: number): Promise<readonly string[]> {
    this.#app.onBatch?.(deliveries.map(({ letter }) => letter));
    const lanes = toLanes(this.#runtime, this.#app, deliveries);
    const batch: Batch = {
      time: new InvocationTime(this.#runtime.clock, deadlineMs),
      sessions: new BatchSessions(this.#loader),
    };
    const release = new EarlyRelease(this.#runtime, this.#app, lanes);
    const work = this.#runAll(lanes, batch);
    const isInTime = await batch.time.isEnoughFor(work);
    release.stop();
    if (isInTime) await work;
    else for (const lane of lanes) this.#handBack(lane);
    const failed = lanes.flatMap(({ runs }) => runs.filter((run) => run.isFailed));
    return failed.map(({ delivery }) => delivery.id);
  }

  async #runAll(lanes: readonly Lane[], batch: Batch): Promise<void> {
    await Promise.all(lanes.map((lane) => this.#runLane(lane, batch)));
    if (!this.#runtime.strays.isIdle) await this.#runtime.strays.settle();
  }

  /** What of a lane is not done by the end of the invocation. What is done was answered for, whoever's time it took. */
  #handBack(lane: Lane): void {
    for (const run of lane.runs) {
      if (run.isDone || run.isReleased) continue;
      run.isFailed = true;
      const { letter } = run.delivery;
      withLogContext({ sid: letter.sid }, () => {
        this.#runtime.logger.warn("a letter was not done by the end of its invocation, and comes again", {
          code: "core.out_of_time",
          kind: letter.kind,
        });
      });
    }
    lane.abandon();
  }

  async #runLane(lane: Lane, batch: Batch): Promise<void> {
    for (const run of lane.runs) {
      await this.#startAll(lane, run, batch);
      if (lane.isAbandoned) return;
      // The letter before it comes again, so this one must come again behind it.
      if (lane.isFailed) run.isFailed = true;
      run.isStarted = true;
    }
    if (lane.session?.pendingChanged) await this.#savePending(lane, lane.session);
    await lane.settle();
  }

  async #startAll(lane: Lane, run: DeliveryRun, batch: Batch): Promise<void> {
    const { letter } = run.delivery;
    const isPayload = letter.kind === "payload";
    let endGathering: (() => void) | undefined;
    for (const task of run.tasks) {
      const pause = this.#slices.pause();
      if (pause) {
        if (isPayload) endGathering ??= this.#runtime.outbound.gatherWhile(letter.sid);
        await pause;
      }
      if (lane.isAbandoned || lane.isFailed || (lane.isOver && isPayload)) break;
      await this.#startJob(lane, run, task, batch);
    }
    endGathering?.();
  }

  /** Resolves when the next job of the lane may start. */
  #startJob(lane: Lane, run: DeliveryRun, task: Task, batch: Batch): Promise<void> {
    const { clock, metrics, strays, watch } = this.#runtime;
    const { delivery, spending } = run;
    const turn = new Turn(delivery.letter.kind, strays, { stages: lane.stages, spending });
    turn.deadlineMs = batch.time.deadlineMs;
    turn.writtenAtMs = task.atMs;
    if (this.#runtime.isOrdered) turn.letterId = delivery.id;
    const job: Job = { delivery, task, turn, session: undefined };
    lane.lastJob = job;
    const context = toLogContext(this.#app, job);
    const watched = watch?.beginPacket?.(delivery.id);
    const startedMs = clock.nowMs();
    const end = () => {
      countTurn(metrics, job, clock.nowMs() - startedMs);
      watched?.end();
    };
    const code = async () => {
      try {
        if (delivery.redelivered && turn.spending.spend("redelivered", 1))
          await this.#app.onRedelivered?.(delivery.id, turn);
        await this.#start(job, lane, batch);
      } catch (error) {
        lane.isFailed = true;
        turn.fail(error);
      }
      run.follow(job, this.#finish(job, end));
    };
    return withLogContext(context, watched === undefined ? code : () => watched.run(code));
  }

  #start(job: Job, lane: Lane, batch: Batch): Promise<void> | undefined {
    const { turn, delivery, task } = job;
    switch (task.kind) {
      case "opened":
        return this.#startSession(job, task, lane);
      case "born":
        return this.#announce(job, lane);
      case "reap":
        return onReap(this.#runtime, task);
      case "frame": {
        const excess = this.#findExcess(delivery, turn, batch);
        if (excess !== undefined) return this.#refuse(job, excess, lane, batch);
        return lane.kind === "main"
          ? this.#startFrame(job, task, lane)
          : this.#startUrgentFrame(job, task, lane, batch);
      }
      case "kick":
        return this.#kick(job, task, lane);
      case "serverSide":
        return this.#app.onServerSide?.(task, turn);
      case "timer":
        return this.#app.onTimer?.(task, turn, delivery.receivedAtMs);
      case "closed":
        return onClosed(
          this.#runtime,
          this.#app,
          { known: lane.session, load: () => this.#loader.load(task.sid) },
          { ...delivery, letter: task },
          turn,
        );
      default:
        task satisfies never;
    }
  }

  async #startSession(job: Job, task: Task & { kind: "opened" }, lane: Lane): Promise<void> {
    if (await onOpened(this.#runtime, this.#app, task, job.turn)) await this.#announce(job, lane);
  }

  /** Tells the app of a new session, if it wants to hear: of what else happens to it nothing runs before that. */
  async #announce(job: Job, lane: Lane): Promise<void> {
    if (this.#app.onOpened === undefined) return;
    job.session = await this.#session(lane, job.task.sid);
    if (job.session?.alive) await this.#app.onOpened(job.session, job.turn);
  }

  async #kick(job: Job, task: Task & { kind: "kick" }, lane: Lane): Promise<void> {
    job.session = await this.#session(lane, task.sid);
    if (job.session?.alive) await this.#app.onKick?.(job.session, task, job.turn);
  }

  async #refuse({ task: { sid }, turn }: Job, excess: Excess, lane: Lane, batch: Batch): Promise<void> {
    const session = lane.kind === "main" ? await this.#session(lane, sid) : await batch.sessions.load(sid);
    if (session) endForExcess(this.#runtime, session, turn, excess);
    lane.isOver = true;
  }

  async #startUrgentFrame({ turn }: Job, task: FrameTask, lane: Lane, { sessions }: Batch): Promise<void> {
    const outcome = await onUrgentFrame(this.#runtime, this.#app, sessions, task, turn);
    if (outcome === "over") lane.isOver = true;
  }

  /** What a delivery as a whole is too much of. */
  #findExcess({ letter }: Delivery, { spending }: Turn, { time }: Batch): Excess | undefined {
    if (letter.kind !== "payload" && letter.kind !== "frame") return undefined;
    // Once, with the first of its frames.
    const frames = spending.spend("counted delivery", 1) ? framesIn(letter) : 0;
    const tooMany = this.#rates.add(letter.sid, letter.atMs, frames);
    if (tooMany !== undefined || letter.kind === "frame") return tooMany;
    const { maxPacketsPerPayload } = this.#app.options;
    if (letter.texts.length > maxPacketsPerPayload) return tooManyPackets(maxPacketsPerPayload);
    return time.isShort ? tooSlowPayload(letter.texts.length) : undefined;
  }

  async #startFrame(job: Job, frame: FrameTask, lane: Lane): Promise<void> {
    const session = lane.session ?? (await this.#session(lane, frame.sid));
    job.session = session;
    const { connectionId } = frame;
    if (session === undefined) {
      lane.isOver = true;
      if (connectionId === undefined) return;
      this.#runtime.logger.warn("a frame came for no session; its connection is closed", {
        code: "core.frame_without_session",
        connectionId,
      });
      await this.#runtime.transport.close(connectionId);
      return;
    }
    if (session.alive && job.delivery.redelivered) {
      // It was handed over before: the instance crashed while it ran, and how far it came is unknown. An ordinary
      // server that crashes loses its connections; so does this one lose this connection, and the client comes back.
      this.#runtime.logger.warn("a frame was delivered again after a crash; its session is closed", {
        code: "core.redelivered_frame",
        connectionId,
      });
      session.close(job.turn, "transport error", { abrupt: true });
    }
    // What was POSTed before an upgrade was accepted before it, and is handled like any other frame.
    if (connectionId !== undefined && connectionId !== session.connectionId) {
      await onProbeFrame(this.#runtime, session, { ...frame, connectionId }, job.turn);
      if (connectionId === session.connectionId) this.#app.onUpgraded?.(session, job.turn);
      return;
    }
    if (session.alive) await onFrame(this.#app, session, frame.text, job.turn);
    if (!session.alive) lane.isOver = true;
  }

  #session(lane: Lane, sid: Sid): Promise<Session | undefined> {
    if (lane.session !== undefined || lane.isOver) return Promise.resolve(lane.session);
    return this.#loader.load(sid).then((session) => (lane.session = session));
  }

  /** Ends a turn: its handlers, their effects, and the write of what they changed. */
  async #finish(job: Job, end: () => void): Promise<void> {
    const { turn, session } = job;
    await turn.settle();
    if (!turn.isDone) await turn.runEndings();
    turn.releaseSockets();
    if (session !== undefined) {
      try {
        await this.#saves.save(session, turn);
      } catch (error) {
        turn.fail(error);
      }
      if (!turn.isSettled) await turn.settle();
    }
    const timers = clearTimers(turn.timers);
    if (timers > 0) {
      this.#runtime.logger.error(
        "timers were still running when their handler had ended, and were cleared; io.timer and io.every outlive it",
        {
          code: "core.timer_outlived_turn",
          turn: turn.label,
          timers,
        },
      );
    }
    turn.end();
    if (turn.failure) {
      this.#runtime.logger.error("a turn failed; its letter comes again", {
        turn: turn.label,
        error: turn.failure.error,
      });
    }
    end();
  }

  async #savePending({ lastJob }: Lane, session: Session): Promise<void> {
    if (!session.alive) return;
    session.pendingChanged = false;
    const { sid, pending } = session;
    if (pending !== undefined && lastJob !== undefined && toPendingBytes(pending) > MAX_PENDING_BYTES) {
      this.#runtime.logger.info("a client's attachments are more than can be kept; its session is closed", {
        code: "state.pending_too_large",
        limit: MAX_PENDING_BYTES,
      });
      return session.close(lastJob.turn, "forced close");
    }
    const saved = pending
      ? this.#runtime.store.savePending(sid, { header: pending.header, parts: pending.parts })
      : this.#runtime.store.deletePending(sid);
    lastJob?.turn.track(saved);
    await saved.catch(() => undefined);
  }
}

const framesIn = (letter: Letter & { kind: "payload" | "frame" }): number =>
  letter.kind === "payload" ? letter.texts.length : 1;

/** What the lanes of a batch share. */
interface Batch {
  readonly time: InvocationTime;
  readonly sessions: BatchSessions;
}

const tooSlowPayload = (packets: number): Excess => ({
  code: "core.slow_payload",
  message: "the packets of a POST take longer than an invocation has",
  limit: packets,
});
