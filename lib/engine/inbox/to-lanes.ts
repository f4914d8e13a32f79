import { isBornOnPolling, protocolOf } from "../../ids.ts";
import { PONG_FRAME } from "../../protocol/frame.ts";
import { toAckPrefix } from "../../protocol/dialect.ts";
import type { EngineApp } from "../engine.ts";
import { laneOf, toGroup, type Delivery, type Lane as LaneKind, type Letter } from "../letter.ts";
import type { Runtime } from "../runtime.ts";
import type { Task } from "./job.ts";
import { DeliveryRun, Lane } from "./lane.ts";

/** Sorts a batch into its lanes, each in the order in which its letters are to start. */
export function toLanes(runtime: Runtime, app: EngineApp, deliveries: readonly Delivery[]): readonly Lane[] {
  const groups = new Map<string, { readonly kind: LaneKind; readonly deliveries: Delivery[] }>();
  for (const delivery of deliveries) {
    const { letter, id } = delivery;
    const kind = laneOf(letter, toAckPrefix(app.codec, protocolOf(letter.sid)));
    const group = toGroup(letter, kind, id);
    const known = groups.get(group);
    if (known) known.deliveries.push(delivery);
    else groups.set(group, { kind, deliveries: [delivery] });
  }
  return [...groups.values()].map(({ kind, deliveries: own }) => {
    const lane = new Lane(kind);
    const inOrder = repairOrder(runtime, own);
    for (const [index, delivery] of inOrder.entries()) {
      const isRepeated = isPong(delivery.letter) && isPong(inOrder[index + 1]?.letter);
      lane.runs.push(new DeliveryRun(delivery, isRepeated ? [] : toTasks(app, delivery.letter)));
    }
    return lane;
  });
}

/**
 * The gateway's calls to the queue have no documented order, but its time stamps do. Neighbouring frames that came
 * the wrong way round are put right; letters of our own, stamped by other clocks, stay where they are.
 */
function repairOrder(runtime: Runtime, deliveries: Delivery[]): Delivery[] {
  let inversions = 0;
  for (let i = 1; i < deliveries.length; i += 1) {
    for (let j = i; j > 0 && isInverted(deliveries[j - 1], deliveries[j]); j -= 1) {
      deliveries.splice(j - 1, 2, deliveries[j] as Delivery, deliveries[j - 1] as Delivery);
      inversions += 1;
    }
  }
  if (inversions === 0) return deliveries;
  runtime.metrics.add("FramesReordered", inversions);
  runtime.logger.warn("frames arrived out of order", { code: "core.frames_out_of_order", inversions });
  return deliveries;
}

const isInverted = (before: Delivery | undefined, after: Delivery | undefined): boolean =>
  before?.letter.kind === "frame" && after?.letter.kind === "frame" && after.letter.atMs < before.letter.atMs;

/** The next one says the same, and later. Pings of protocol 3 want an answer each. */
const isPong = (letter: Letter | undefined): boolean =>
  letter?.kind === "frame" && letter.text === PONG_FRAME && protocolOf(letter.sid) === 4;

/** What a letter is about; the frames of a payload one by one, as they are asked for. */
function* toTasks({ assumedFrame }: EngineApp, letter: Letter): Generator<Task> {
  const { sid, atMs } = letter;
  switch (letter.kind) {
    case "payload":
      for (const text of letter.texts) yield { kind: "frame", sid, atMs, text };
      return;
    case "opened":
      yield letter;
      // What a session of polling is taken to have sent is in the mailbox already, as a payload.
      if (assumedFrame === undefined || protocolOf(sid) === 4 || isBornOnPolling(sid)) return;
      yield { kind: "frame", sid, connectionId: letter.connectionId, atMs, text: assumedFrame };
      return;
    default:
      yield letter;
  }
}
