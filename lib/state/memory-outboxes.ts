import { openedAtMs, type Sid } from "../ids.ts";
import { sessionExpiresAtSeconds } from "./expiry.ts";
import { toIntervalKey, type MemoryRows } from "./memory-rows.ts";
import type { AppendOutcome, OpenGetOutcome, OutboxRecord, OutboxStore } from "./outbox.ts";
import { MAX_GET_FRAMES, MAX_OUTBOX_BYTES, requireSid, toFramesBytes } from "./row-limits.ts";

export type OutboxMethods = Omit<OutboxStore, "upgradeSession" | "repairRoute">;

/** Of a memory store: what waits for polling sessions. */
export function createMemoryOutboxes({ sessions, handshakes, beats, outboxes }: MemoryRows): OutboxMethods {
  const read = (sid: Sid) => outboxes.get(requireSid(sid), "");
  const write = (outbox: OutboxRecord) =>
    outboxes.put(outbox.sid, "", outbox, sessionExpiresAtSeconds(outbox.sid));
  /** The outbox, while there is something to wait for. */
  const readOpen = (sid: Sid) => {
    const outbox = read(sid);
    return outbox === undefined || outbox.closed || outbox.movedTo !== undefined ? undefined : outbox;
  };

  return {
    async createPollingSession(session, handshake, beat) {
      const { sid, expiresAtSeconds } = session;
      const interval = toIntervalKey(beat.pingIntervalMs);
      sessions.put(requireSid(sid), "", session, expiresAtSeconds);
      handshakes.put(sid, "", handshake, expiresAtSeconds);
      beats.put(interval, requireSid(beat.sid), beat, sessionExpiresAtSeconds(beat.sid));
      write({ sid, frames: [], lastGetUntilMs: openedAtMs(sid), closed: false });
    },

    async appendOutbox({
      sid,
      frames,
      capBytes,
      onlyIfParked,
      nowMs,
      closes = false,
    }): Promise<AppendOutcome> {
      const outbox = read(sid);
      if (outbox === undefined || outbox.closed) return { outcome: "gone" };
      if (outbox.movedTo !== undefined) return { outcome: "moved", target: outbox.movedTo };
      if (onlyIfParked && !holds(outbox.get, nowMs)) return { outcome: "unparked" };
      const bytes = toFramesBytes(outbox.frames);
      if (bytes >= capBytes || bytes + toFramesBytes(frames) > MAX_OUTBOX_BYTES) return { outcome: "full" };
      write({ ...outbox, frames: [...outbox.frames, ...frames], closed: closes });
      return { outcome: "appended", lastGetUntilMs: outbox.lastGetUntilMs };
    },

    async closeOutbox(sid, frames) {
      const outbox = readOpen(sid);
      if (outbox === undefined) return false;
      write({ ...outbox, frames: [...outbox.frames, ...frames], closed: true });
      return true;
    },

    async readOutbox(sid) {
      return read(sid);
    },

    async openGet({ sid, id, nowMs, untilMs, aliveSinceMs }): Promise<OpenGetOutcome> {
      const outbox = read(sid);
      if (outbox === undefined) return { outcome: "gone" };
      if (outbox.movedTo !== undefined) return { outcome: "moved" };
      if (aliveSinceMs !== undefined && outbox.lastGetUntilMs < aliveSinceMs) return { outcome: "stale" };
      if (outbox.get?.id !== id && holds(outbox.get, nowMs)) return { outcome: "overlap" };
      const parked = { ...outbox, get: { id, untilMs }, lastGetUntilMs: untilMs };
      write(parked);
      return { outcome: "opened", outbox: parked };
    },

    async endGet(sid, id, nowMs) {
      const outbox = read(sid);
      if (outbox?.get?.id !== id) return undefined;
      const { get: _, frames, ...rest } = outbox;
      const left = frames.slice(MAX_GET_FRAMES);
      write({ ...rest, frames: left, lastGetUntilMs: nowMs });
      return { frames: frames.slice(0, MAX_GET_FRAMES), closed: outbox.closed && left.length === 0 };
    },

    async startProbe({ sid, connectionId, nowMs, untilMs }) {
      const outbox = readOpen(sid);
      if (outbox === undefined) return "gone";
      if (outbox.probe?.target !== connectionId && holds(outbox.probe, nowMs)) return "busy";
      write({ ...outbox, probe: { target: connectionId, untilMs } });
      return "started";
    },

    async endProbe(sid, connectionId) {
      const outbox = read(sid);
      if (outbox?.probe?.target !== connectionId) return false;
      const { probe: _, ...rest } = outbox;
      write(rest);
      return true;
    },

    async takeOutbox(sid) {
      const outbox = readOpen(sid);
      if (outbox === undefined) return [];
      write({ ...outbox, frames: [] });
      return outbox.frames;
    },

    async moveOutbox(sid, target) {
      const outbox = read(sid);
      if (outbox?.movedTo !== undefined) return outbox.movedTo === target;
      if (outbox === undefined || outbox.closed || outbox.frames.length > 0) return false;
      const { probe, ...rest } = outbox;
      if (probe?.target !== target) return false;
      write({ ...rest, movedTo: target });
      return true;
    },

    async deleteOutbox(sid) {
      outboxes.remove(requireSid(sid), "");
    },
  };
}

/** A GET or a probe counts up to its time. */
const holds = (lease: { readonly untilMs: number } | undefined, nowMs: number): boolean =>
  lease !== undefined && lease.untilMs > nowMs;
