import type { Context } from "aws-lambda";
import type { BroadcastPart } from "../engine/fan-out.ts";
import type { Runtime } from "../engine/runtime.ts";
import type { Tally } from "../engine/turn.ts";
import { sendPart } from "../socketio/rooms/broadcast-part.ts";

/** For what is under way when time is up. */
const RESERVE_MS = 5_000;

/** Sends one part of a broadcast, and answers what became of it. No code of the app's runs here. */
export function createFanOutHandler(runtime: Runtime) {
  return async (
    part: BroadcastPart,
    context: Pick<Context, "getRemainingTimeInMillis">,
  ): Promise<Readonly<Tally>> => {
    const endsMs = runtime.clock.nowMs() + context.getRemainingTimeInMillis() - RESERVE_MS;
    try {
      return await sendPart(runtime, { ...part, untilMs: Math.min(part.untilMs, endsMs) });
    } finally {
      await runtime.strays.settle();
    }
  };
}
