import type { Sid } from "../ids.ts";
import { sessionExpiresAtSeconds } from "./expiry.ts";
import type { MemoryRows } from "./memory-rows.ts";
import type { SessionRecord, SessionSnapshot } from "./records.ts";
import { requirePendingSize, requireSid } from "./row-limits.ts";
import type { CloseOutcome, CloseRequest, Store } from "./store.ts";

export type SessionMethods = Pick<
  Store,
  | "createSession"
  | "loadSession"
  | "severSession"
  | "beginClose"
  | "finishClose"
  | "noteRemoved"
  | "upgradeSession"
  | "savePending"
  | "deletePending"
>;

/** Of a memory store: what there is of a session itself. */
export function createMemorySessions(rows: MemoryRows): SessionMethods {
  const { sessions, handshakes, pendings, sockets, auths, joined, owned } = rows;

  const setPhase = (sid: Sid, from: SessionRecord["phase"], to: SessionRecord["phase"]) => {
    const session = sessions.get(requireSid(sid), "");
    if (session?.phase !== from) return false;
    sessions.put(sid, "", { ...session, phase: to }, session.expiresAtSeconds);
    return true;
  };

  return {
    async createSession(session, handshake) {
      sessions.put(requireSid(session.sid), "", session, session.expiresAtSeconds);
      handshakes.put(session.sid, "", handshake, session.expiresAtSeconds);
    },

    async loadSession(sid, options): Promise<SessionSnapshot | undefined> {
      const row = sessions.get(requireSid(sid), "");
      if (row === undefined) return undefined;
      const { closeLeaseUntilMs: _, ...session } = row;
      const pending = pendings.get(sid, "");
      const handshake = options.handshake ? handshakes.get(sid, "") : undefined;
      return {
        session,
        sockets: sockets.list(sid),
        joined: joined.list(sid),
        owned: owned.list(sid),
        ...(pending === undefined ? {} : { pending }),
        ...(handshake === undefined ? {} : { handshake }),
        ...(options.handshake ? { auths: auths.list(sid) } : {}),
      };
    },

    async severSession(sid) {
      return setPhase(sid, "open", "severed");
    },

    async beginClose({ sid, reason, nowMs, leaseUntilMs }: CloseRequest): Promise<CloseOutcome> {
      const session = sessions.get(requireSid(sid), "");
      if (session === undefined || session.phase === "closed") return { outcome: "over" };
      if ((session.closeLeaseUntilMs ?? nowMs) > nowMs) return { outcome: "leased" };
      const closeReason = session.closeReason ?? reason;
      const closedAtMs = session.closedAtMs ?? nowMs;
      const close = { closeReason, closedAtMs, closeLeaseUntilMs: leaseUntilMs };
      sessions.put(sid, "", { ...session, phase: "closing", ...close }, session.expiresAtSeconds);
      return { outcome: "begun", reason: closeReason };
    },

    async finishClose(sid) {
      return setPhase(sid, "closing", "closed");
    },

    async noteRemoved(sid, removedUpTo) {
      const session = sessions.get(requireSid(sid), "");
      if (session !== undefined) sessions.put(sid, "", { ...session, removedUpTo }, session.expiresAtSeconds);
    },

    async upgradeSession(sid, connectionId) {
      const session = sessions.get(requireSid(sid), "");
      if (session === undefined) return false;
      sessions.put(sid, "", { ...session, transport: "websocket", connectionId }, session.expiresAtSeconds);
      return true;
    },

    async savePending(sid, pending) {
      pendings.put(requireSid(sid), "", requirePendingSize(pending), sessionExpiresAtSeconds(sid));
    },
    async deletePending(sid) {
      pendings.remove(requireSid(sid), "");
    },
  };
}
