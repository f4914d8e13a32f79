import { createHash, randomBytes } from "node:crypto";
import { compare } from "bcryptjs";
import { RESERVED_MAPS } from "../engine/alarms/timer-rows.ts";
import type { Runtime } from "../engine/runtime.ts";
import type { SharedPlace } from "../state/shared-store.ts";
import type { BasicAuthentication, Store } from "./instrument-options.ts";

const SESSION_SECONDS = 24 * 60 * 60;

/** A socket that asks to be let in, as far as that goes. */
interface Applicant {
  readonly handshake: { readonly auth: Readonly<Record<string, unknown>> };
}

/**
 * Lets in who knows the name and the password, and makes an id for them; and who shows such an id. Everybody else hears
 * `invalid credentials`.
 */
export const createAuthentication =
  (
    { username, password }: BasicAuthentication,
    store: Store,
    onCreated: (of: object, sessionId: string) => void,
  ) =>
  async (socket: Applicant, next: (error?: Error) => void): Promise<void> => {
    const shown = socket.handshake.auth;
    const { sessionId } = shown;
    if (typeof sessionId === "string" && sessionId !== "" && (await store.doesSessionExist(sessionId)))
      return next();
    const isKnown = shown["username"] === username && typeof shown["password"] === "string";
    if (isKnown && (await compare(shown["password"] as string, password))) {
      const created = randomBytes(16).toString("hex");
      // Before the page hears of it: it may come back with it at once, to another instance.
      await store.saveSession(created);
      onCreated(socket, created);
      return next();
    }
    next(new Error("invalid credentials"));
  };

/** Ids in the table, which every instance reads: by their digests, so that who reads the table gets none. */
export const keepInTable = (ports: { readonly runtime: Runtime }): Store => ({
  doesSessionExist: async (sessionId) =>
    (await ports.runtime.store.getShared(toPlace(sessionId))) !== undefined,
  saveSession: async (sessionId) => {
    const { store, clock } = ports.runtime;
    const expiresAtSeconds = Math.ceil(clock.nowMs() / 1000) + SESSION_SECONDS;
    await store.putShared(toPlace(sessionId), { value: { kind: "json", text: "true" }, expiresAtSeconds });
  },
});

const toPlace = (sessionId: string): SharedPlace => ({
  map: `${RESERVED_MAPS}admin`,
  key: createHash("sha256").update(sessionId).digest("base64url"),
});
