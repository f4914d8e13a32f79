import { isBornOnPolling, protocolOf, type Sid } from "../../ids.ts";
import { withLogContext } from "../../log.ts";
import { toAckPrefix } from "../../protocol/dialect.ts";
import type { EngineApp } from "../engine.ts";
import type { FrameTask, Job, Task } from "./job.ts";
import { countTurn, toLogContext } from "./job-log.ts";
import { laneOf, laneOfFrame, toGroup, type Delivery, type Letter } from "../letter.ts";
import { onUrgentFrame } from "./on-urgent-frame.ts";
import { onClosed } from "./on-closed.ts";
import { onFrame } from "./on-frame.ts";
import { onOpened } from "./on-opened.ts";
import { onProbeFrame } from "../polling/on-probe.ts";
import { EarlyRelease } from "./early-release.ts";
import type { Runtime } from "../runtime.ts";
import type { Session } from "../session.ts";
import { SessionLoader } from "../session-loader.ts";
import { SharedSaves } from "./shared-saves.ts";
import { clearTimers } from "../timers.ts";
import { Stages } from "../stages.ts";
import { Turn } from "../turn.ts";

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

  constructor(runtime: Runtime, app: EngineApp) {
    this.#runtime = runtime;
    this.#app = app;
    this.#loader = new SessionLoader(runtime, app);
    this.#saves = new SharedSaves(app);
  }

  /** Runs a batch to its end, which is at `deadlineMs` at the latest, if that is known. Resolves with the ids of the deliveries that must be handed over again. */
  async receive(deliveries: readonly Delivery[], deadlineMs?: number): Promise<readonly string[]> {
    const lanes = this.#toLanes(deliveries);
    for (const { turn } of lanes.flat()) turn.deadlineMs = deadlineMs;
    const release = new EarlyRelease(this.#runtime, this.#app, lanes);
    try {
      await Promise.all(lanes.map((jobs) => this.#runLane(jobs)));
    } finally {
      release.stop();
    }
    await this.#runtime.strays.settle();
    const failed = lanes.flat().filter((job) => job.stage === "failed" && !job.turn.released);
    return [...new Set(failed.map((job) => job.delivery.id))];
  }

  #toLanes(deliveries: readonly Delivery[]): Job[][] {
    const lanes = new Map<string, Job[]>();
    const stages = new Map<string, Stages>();
    for (const delivery of deliveries) {
      const { letter } = delivery;
      const prefix = toAckPrefix(this.#app.codec, protocolOf(letter.sid));
      const group = toGroup(letter, laneOf(letter, prefix), delivery.id);
      const line = stages.get(group) ?? new Stages();
      stages.set(group, line);
      const jobs = toTasks(this.#app, letter).map((task, index, tasks): Job => ({
        delivery,
        task,
        isLast: index === tasks.length - 1,
        turn: new Turn(letter.kind, this.#runtime.strays, line),
        stage: "waiting",
        session: undefined,
      }));
      const lane = lanes.get(group);
      if (lane) lane.push(...jobs);
      else lanes.set(group, jobs);
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
    if (inversions === 0) return jobs;
    this.#runtime.metrics.add("FramesReordered", inversions);
    this.#runtime.logger.warn("frames arrived out of order", {
      code: "core.frames_out_of_order",
      inversions,
    });
    return jobs;
  }

  async #runLane(jobs: readonly Job[]): Promise<void> {
    const endings: Promise<void>[] = [];
    let failed = false;
    const { clock, metrics } = this.#runtime;
    for (const job of jobs) {
      const context = toLogContext(this.#app, job);
      const startedMs = clock.nowMs();
      const finish = async () => {
        await this.#finish(job);
        countTurn(metrics, job, clock.nowMs() - startedMs);
      };
      if (failed) {
        // The letter before it comes again, so this one must come again behind it.
        job.stage = "failed";
        continue;
      }
      try {
        await withLogContext(context, () => this.#start(job, jobs));
        job.stage = "started";
        endings.push(withLogContext(context, finish));
      } catch (error) {
        failed = true;
        job.turn.fail(error);
        endings.push(withLogContext(context, finish));
      }
    }
    await this.#savePending(jobs);
    await Promise.all(endings);
  }

  async #start(job: Job, lane: readonly Job[]): Promise<void> {
    const { turn, delivery, task } = job;
    switch (task.kind) {
      case "opened":
        return onOpened(this.#runtime, this.#app, task);
      case "reap":
        return onUrgentFrame(this.#runtime, this.#app, this.#loader, task, turn);
      case "frame":
        if (laneOfFrame(task.text, toAckPrefix(this.#app.codec, protocolOf(task.sid))) !== "main") {
          return onUrgentFrame(this.#runtime, this.#app, this.#loader, task, turn);
        }
        return this.#startFrame(job, task, lane);
      case "kick":
        job.session = await this.#session(lane, task.sid);
        if (job.session?.alive) await this.#app.onKick?.(job.session, task, turn);
        return;
      case "serverSide":
        return this.#app.onServerSide?.(task, turn);
      case "closed":
        return onClosed(
          this.#runtime,
          this.#app,
          { known: knownIn(lane), load: () => this.#loader.load(task.sid) },
          { ...delivery, letter: task },
          turn,
        );
      default:
        task satisfies never;
    }
  }

  async #startFrame(job: Job, frame: FrameTask, lane: readonly Job[]): Promise<void> {
    const session = await this.#session(lane, frame.sid);
    job.session = session;
    const { connectionId } = frame;
    if (session === undefined) {
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
      return onProbeFrame(this.#runtime, session, { ...frame, connectionId }, job.turn);
    }
    if (session.alive) await onFrame(this.#app, session, frame.text, job.turn);
  }

  /** Loads a session at most once per lane and batch. */
  async #session(lane: readonly Job[], sid: Sid): Promise<Session | undefined> {
    return knownIn(lane) ?? this.#loader.load(sid);
  }

  /** Ends a turn: its handlers, their effects, and the write of what they changed. */
  async #finish(job: Job): Promise<void> {
    const { turn, session } = job;
    await turn.settle();
    await turn.runEndings();
    turn.releaseSockets();
    if (session !== undefined) {
      try {
        await this.#saves.save(session);
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

function toTasks({ assumedFrame }: EngineApp, letter: Letter): Task[] {
  const { sid, atMs } = letter;
  switch (letter.kind) {
    case "payload":
      return letter.texts.map((text) => ({ kind: "frame", sid, atMs, text }));
    case "opened": {
      // What a session of polling is taken to have sent is in the mailbox already, as a payload.
      if (assumedFrame === undefined || protocolOf(sid) === 4 || isBornOnPolling(sid)) return [letter];
      const { connectionId } = letter;
      return [letter, { kind: "frame", sid, connectionId, atMs, text: assumedFrame }];
    }
    default:
      return [letter];
  }
}

const knownIn = (lane: readonly Job[]): Session | undefined =>
  lane.find((job) => job.session !== undefined)?.session;

function isInverted(before: Job | undefined, after: Job | undefined): boolean {
  const first = before?.task;
  const second = after?.task;
  if (first?.kind !== "frame" || second?.kind !== "frame") return false;
  return first.connectionId !== undefined && second.connectionId !== undefined && second.atMs < first.atMs;
}
