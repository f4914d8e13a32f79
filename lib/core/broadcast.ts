import { PacketFrames } from "../protocol/dialect.ts";
import { assertPostable } from "../protocol/frame.ts";
import { assertEmittable } from "../protocol/reserved-events.ts";
import type { PacketCodec } from "../protocol/packet.ts";
import { listAudience, type Audience, type Listed } from "./audience.ts";
import { CoreError } from "./errors.ts";
import type { Runtime } from "./runtime.ts";
import { currentContext, type Turn } from "./turn.ts";

export interface EmitFlags {
  readonly volatile?: boolean;
  readonly compress?: boolean;
  readonly local?: boolean;
}

/** An event as frames for the wire. Throws before anything is sent: reserved name, acknowledgement, over 128 KB. */
export function encodeEvent(
  codec: PacketCodec,
  nsp: string,
  event: string,
  args: readonly unknown[],
): PacketFrames {
  assertEmittable(event);
  if (typeof args.at(-1) === "function") {
    throw new CoreError(
      "core.server_acks_unsupported",
      `expected the arguments of emit(${JSON.stringify(event)}) to be data, got a callback; ` +
        "acknowledgements from client to server work, those from server to client do not exist yet",
    );
  }
  const frames = new PacketFrames(codec.encode({ type: "event", nsp, args: [event, ...args] }));
  assertPostable(frames.in(4));
  return frames;
}

/** The turn that an effect of the running code belongs to; undefined in a replay, where effects are inert. */
export function effectTurn(runtime: Runtime): Turn | undefined {
  const context = currentContext();
  if (context === undefined) return runtime.detached;
  return context.mode === "replay" ? undefined : context.turn;
}

/** Sends frames to an audience. The turn's next effects wait until everyone has been found. */
export function broadcast(
  runtime: Runtime,
  turn: Turn,
  audience: Audience,
  frames: PacketFrames,
  flags: EmitFlags,
): void {
  void turn.order(async () => {
    for await (const listed of listAudience(runtime.store, audience)) {
      turn.track(deliver(runtime, turn, audience.nsp, listed, frames, flags.volatile ?? false));
    }
  });
}

async function deliver(
  runtime: Runtime,
  turn: Turn,
  nsp: string,
  { member, room }: Listed,
  frames: PacketFrames,
  volatile: boolean,
): Promise<void> {
  const { sid, route, protocol } = member;
  const { outcome, movedTo } = await runtime.outbound.send({ sid, route }, frames.in(protocol), volatile);
  turn.tally[outcome] += 1;
  if (outcome === "gone") await runtime.store.deleteMemberIfRoute(nsp, room, sid, route);
  else if (movedTo !== undefined) {
    // The session was upgraded after it had joined. The row is put right by whoever is the first to notice.
    await runtime.store.repairRoute(nsp, room, sid, route, { kind: "connection", connectionId: movedTo });
  }
}
