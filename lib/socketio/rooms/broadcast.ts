import type { PacketFrames } from "../../protocol/dialect.ts";
import { listAudience, openAudience, type Audience, type Listed } from "./audience.ts";
import { Deliveries } from "./deliver.ts";
import { sendToLargeAudience } from "./large-audience.ts";
import { isKicked } from "./kicked.ts";
import type { Runtime } from "../../engine/runtime.ts";
import type { Turn } from "../../engine/turn.ts";

export interface EmitFlags {
  /** How long answers are waited for, in milliseconds. */
  readonly timeout?: number;
  readonly volatile?: boolean;
  readonly compress?: boolean;
  readonly local?: boolean;
}

/**
 * Hands a packet to everyone in an audience; resolves when all have been found, and where that takes more than a page of
 * members, when all is over with. `all`: when it is, and whether no delivery failed.
 */
export async function sendToAudience(
  runtime: Runtime,
  turn: Turn,
  audience: Audience,
  frames: PacketFrames,
  flags: EmitFlags,
  onFound: (socketId: string) => void = () => undefined,
): Promise<{ readonly all: Promise<boolean>; readonly found: number }> {
  const { store } = runtime;
  const isVolatile = flags.volatile ?? false;
  const opened = runtime.fanOut && (await openAudience(store, audience));
  if (opened?.last !== undefined) {
    const { found, isWhole } = await sendToLargeAudience(runtime, turn, audience, opened, frames, isVolatile);
    return { found, all: Promise.resolve(isWhole) };
  }
  const deliveries = new Deliveries(runtime, turn, audience.nsp, frames, isVolatile);
  const send = (listed: Listed) => {
    if (isKicked(turn, listed.member.socketId)) return;
    deliveries.begin(listed);
    onFound(listed.member.socketId);
  };
  if (opened === undefined) for await (const page of listAudience(store, audience)) page.forEach(send);
  else opened.listed.forEach(send);
  const all = deliveries.settled();
  turn.track(all.then(() => deliveries.throwFirst()));
  return { found: deliveries.count, all };
}
