import { beforeEach, expect, it } from "vitest";
import { toSid } from "../../../lib/ids.ts";
import { MAX_PENDING_BYTES } from "../../../lib/state/row-limits.ts";
import type { Store } from "../../../lib/state/store.ts";
import type { MakeStore } from "./make-store.ts";
import { connectOf, createOwnedClock, handshakeOf, sessionOf, sidOf, START_MS } from "../fixtures.ts";

export function describeSessions(makeStore: MakeStore): void {
  const sid = sidOf(1);
  const closeAt = (nowMs: number) => ({
    sid,
    reason: "ping timeout" as const,
    nowMs,
    leaseUntilMs: nowMs + 30_000,
  });
  let clock = createOwnedClock();
  let store: Store;
  beforeEach(async () => {
    clock = createOwnedClock();
    store = await makeStore({ clock });
  });

  it("knows nothing of a session that was never created", async () => {
    expect(await store.loadSession(sid, { handshake: true })).toBeUndefined();
    expect(await store.severSession(sid)).toBe(false);
    expect(await store.beginClose(closeAt(START_MS))).toEqual({ outcome: "over" });
    expect(await store.finishClose(sid)).toBe(false);
    expect(await store.loadSession(sid, { handshake: true })).toBeUndefined();
  });

  it("loads what was created, and the handshake when it is asked for", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());

    const bare = await store.loadSession(sid, { handshake: false });
    const whole = await store.loadSession(sid, { handshake: true });

    expect(bare).toStrictEqual({ session: sessionOf(sid), sockets: [], joined: [], owned: [] });
    expect(whole).toStrictEqual({
      session: sessionOf(sid),
      sockets: [],
      joined: [],
      owned: [],
      handshake: handshakeOf(),
      auths: [],
    });
  });

  it("loads a session that has no connection as such", async () => {
    const { connectionId: _, ...session } = sessionOf(sid, { transport: "polling", protocol: 3 });

    await store.createSession(session, handshakeOf());

    expect((await store.loadSession(sid, { handshake: false }))?.session).toStrictEqual(session);
  });

  it("keeps headers and auth as they were, however odd", async () => {
    const headers = JSON.parse('{"__proto__":"a","":"b","x-é😀":""}') as Record<string, string>;
    const deep = JSON.parse(`${'{"a":['.repeat(60)}null${"]}".repeat(60)}`) as Record<string, unknown>;
    const auth = { deep, ...(JSON.parse('{"__proto__":{"admin":true},"":null}') as object), n: 1e21 };
    const connect = connectOf(1);

    await store.createSession(sessionOf(sid), handshakeOf({ headers }));
    await store.connectSocket({ ...connect, auth: { ...connect.auth, auth } });

    const snapshot = await store.loadSession(sid, { handshake: true });
    expect(JSON.stringify(snapshot?.handshake?.headers)).toBe(JSON.stringify(headers));
    expect(JSON.stringify(snapshot?.auths)).toBe(JSON.stringify([{ ...connect.auth, auth }]));
  });

  it("hands out copies", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());

    const first = await store.loadSession(sid, { handshake: true });
    Object.assign(first?.session ?? {}, { phase: "closed" });
    Object.assign(first?.handshake?.headers ?? {}, { host: "other.example" });

    expect(await store.loadSession(sid, { handshake: true })).toMatchObject({
      session: { phase: "open" },
      handshake: { headers: { host: "chat.example" } },
    });
  });

  it("forgets a session at the second of its expiry", async () => {
    const { expiresAtSeconds } = sessionOf(sid);
    await store.createSession(sessionOf(sid), handshakeOf());
    await store.savePending(sid, { header: "51-[]", parts: [] });

    clock.set(expiresAtSeconds * 1000 - 1);
    expect(await store.loadSession(sid, { handshake: false })).toBeDefined();

    clock.set(expiresAtSeconds * 1000);
    expect(await store.loadSession(sid, { handshake: true })).toBeUndefined();
    expect(await store.severSession(sid)).toBe(false);
    expect(await store.beginClose(closeAt(expiresAtSeconds * 1000))).toEqual({ outcome: "over" });
    expect(await store.finishClose(sid)).toBe(false);
  });

  it("severs an open session once", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());

    const severed = await Promise.all([store.severSession(sid), store.severSession(sid)]);

    expect(severed.toSorted()).toEqual([false, true]);
    expect((await store.loadSession(sid, { handshake: false }))?.session.phase).toBe("severed");
  });

  it("keeps how far a close has come, through further attempts, of a session that is there", async () => {
    await store.noteRemoved(sid, '["/","a"]');
    expect(await store.loadSession(sid, { handshake: false })).toBeUndefined();
    await store.createSession(sessionOf(sid), handshakeOf());
    await store.beginClose(closeAt(START_MS));

    await store.noteRemoved(sid, '["/","a"]');
    await store.noteRemoved(sid, '["/","b"]');
    await store.beginClose(closeAt(START_MS + 90_000));

    const load = async () => (await store.loadSession(sid, { handshake: false }))?.session;
    expect(await load()).toMatchObject({ phase: "closing", removedUpTo: '["/","b"]' });
    await store.finishClose(sid);
    expect(await load()).toMatchObject({ phase: "closed", removedUpTo: '["/","b"]' });
  });

  it("does not sever what is closing or closed", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());
    await store.beginClose(closeAt(START_MS));

    expect(await store.severSession(sid)).toBe(false);
    await store.finishClose(sid);
    expect(await store.severSession(sid)).toBe(false);
  });

  it.each(["open", "severed"] as const)(
    "begins and finishes the close of a session that is %s",
    async (phase) => {
      await store.createSession(sessionOf(sid, { phase }), handshakeOf());

      expect(await store.finishClose(sid)).toBe(false);
      expect(await store.beginClose(closeAt(START_MS))).toEqual({ outcome: "begun", reason: "ping timeout" });
      const { session } = (await store.loadSession(sid, { handshake: false })) ?? {};
      expect(session).toStrictEqual(
        sessionOf(sid, { phase: "closing", closeReason: "ping timeout", closedAtMs: START_MS }),
      );
      expect(await store.finishClose(sid)).toBe(true);

      expect(await store.finishClose(sid)).toBe(false);
      expect(await store.beginClose(closeAt(START_MS + 90_000))).toEqual({ outcome: "over" });
      expect((await store.loadSession(sid, { handshake: false }))?.session.phase).toBe("closed");
    },
  );

  it("gives the lease on a close to one of two", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());

    const outcomes = await Promise.all([
      store.beginClose(closeAt(START_MS)),
      store.beginClose(closeAt(START_MS)),
    ]);

    expect(outcomes.map(({ outcome }) => outcome).toSorted()).toEqual(["begun", "leased"]);
  });

  it("gives the lease anew when it is over, and keeps the first reason and the first time", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());
    await store.beginClose(closeAt(START_MS));
    const again = (nowMs: number) => store.beginClose({ ...closeAt(nowMs), reason: "transport close" });

    expect(await again(START_MS + 29_999)).toEqual({ outcome: "leased" });
    expect(await again(START_MS + 30_000)).toEqual({ outcome: "begun", reason: "ping timeout" });
    expect(await again(START_MS + 30_001)).toEqual({ outcome: "leased" });
    expect((await store.loadSession(sid, { handshake: false }))?.session).toMatchObject({
      closeReason: "ping timeout",
      closedAtMs: START_MS,
    });
  });

  it("keeps one pending packet, empty attachments included", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());
    const header = '52-["img",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';

    await store.savePending(sid, { header: "51-[]", parts: [] });
    await store.savePending(sid, { header, parts: [Buffer.from([0, 255]), new Uint8Array()] });

    const { pending } = (await store.loadSession(sid, { handshake: false })) ?? {};
    expect(pending).toStrictEqual({ header, parts: [new Uint8Array([0, 255]), new Uint8Array()] });

    await store.deletePending(sid);
    await store.deletePending(sid);
    expect(await store.loadSession(sid, { handshake: false })).not.toHaveProperty("pending");
  });

  it("refuses a pending packet beyond what a row holds, and keeps one that just fits", async () => {
    await store.createSession(sessionOf(sid), handshakeOf());
    const parts = [new Uint8Array(MAX_PENDING_BYTES - 4 - 2)];

    await expect(store.savePending(sid, { header: "51-", parts })).rejects.toMatchObject({
      code: "state.pending_too_large",
    });
    await store.savePending(sid, { header: "51", parts });

    const { pending } = (await store.loadSession(sid, { handshake: false })) ?? {};
    expect(pending?.parts[0]?.byteLength).toBe(parts[0]?.byteLength);
  });

  it.each(["", "short", "a/b+c=d/e+f=g/h+i=j/", `${sidOf(1)}.a`])(
    "refuses %j as a session id",
    async (text) => {
      const malformed = { code: "state.malformed_sid" };

      await expect(store.loadSession(toSid(text), { handshake: false })).rejects.toMatchObject(malformed);
      await expect(
        store.createSession({ ...sessionOf(sid), sid: toSid(text) }, handshakeOf()),
      ).rejects.toMatchObject(malformed);
      await expect(store.recordPong(toSid(text), 240_000, START_MS)).rejects.toMatchObject(malformed);
      await expect(store.leaveRooms("/", toSid(text), ["a"])).rejects.toMatchObject(malformed);
    },
  );
}
