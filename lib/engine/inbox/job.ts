import type { ConnectionId, Sid } from "../../ids.ts";
import type { Delivery, Letter } from "../letter.ts";
import type { Session } from "../session.ts";
import type { Turn } from "../turn.ts";

/** One frame or other letter on its way through a batch. */
export interface Job {
  readonly delivery: Delivery;
  /** What of the delivery this job is about: the letter itself, or one frame of a payload. */
  readonly task: Task;
  readonly turn: Turn;
  session: Session | undefined;
}

/** A frame with the connection it came over; one without came in a POST. */
export interface FrameTask {
  readonly kind: "frame";
  readonly sid: Sid;
  readonly connectionId?: ConnectionId;
  readonly atMs: number;
  readonly text: string;
}

export type Task = FrameTask | Exclude<Letter, { kind: "frame" | "payload" }>;
