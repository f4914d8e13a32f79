import type { PacketFrames } from "../../protocol/dialect.ts";
import { listAudience, openAudience, type Audience } from "./audience.ts";
import { deliver } from "./deliver.ts";
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
  const sent: Promise<unknown>[] = [];
  for await (const listed of opened?.listed ?? listAudience(store, audience)) {
    if (isKicked(turn, listed.member.socketId)) continue;
    const delivered = deliver(runtime, turn, audience.nsp, listed, frames, isVolatile);
    turn.track(delivered);
    sent.push(delivered);
    onFound(listed.member.socketId);
  }
  const settled = Promise.allSettled(sent);
  return {
    found: sent.length,
    all: settled.then((results) => results.every(({ status }) => status === "fulfilled")),
  };
}
