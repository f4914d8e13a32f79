import type { Sid } from "../../ids.ts";
import type { Runtime } from "../runtime.ts";

/**
 * The last frames of a closed session were fetched, so what its close has left for that goes, too.
 *
 *     close   marks closed, then looks whether frames are left: if so it leaves outbox and beat
 *     GET     takes the frames, then looks whether the session is closed: if not, the close finds no frames
 */
export async function endOutbox({ store }: Runtime, sid: Sid): Promise<void> {
  await store.deleteOutbox(sid);
  const snapshot = await store.loadSession(sid, { handshake: false });
  if (snapshot?.session.phase === "closed") await store.deleteBeat(sid, snapshot.session.pingIntervalMs);
}
