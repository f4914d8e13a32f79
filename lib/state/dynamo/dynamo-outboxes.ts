import type { Sid } from "../../ids.ts";
import type { AppendOutcome, OpenGetOutcome, OutboxAppend, OutboxStore } from "../outbox.ts";
import { MAX_GET_FRAMES, toFramesBytes } from "../row-limits.ts";
import { createAttempt } from "./attempt.ts";
import { toBeatItem } from "./items/beat-item.ts";
import type { Item } from "./expressions.ts";
import { toHandshakeItem } from "./items/handshake-item.ts";
import { repairRouteParams } from "./items/member-item.ts";
import * as outboxFrames from "./outbox-frames.ts";
import * as outboxItem from "./items/outbox-item.ts";
import { toSessionItem, upgradeSessionParams } from "./items/session-item.ts";
import type { RoomShards } from "./room-shards.ts";
import type { Table } from "./table.ts";

/** How often and after which wait an append is tried again that large frames, just taken, were in the way of. */
const APPEND_ROUNDS = 10;
const APPEND_WAIT_MS = 50;

/**
 * The outboxes of the DynamoDB store. A refused condition does not tell which part of it failed, so a read follows
 * where the caller wants to know. What the read cannot explain has changed since: then the outcome is the one that
 * must have been, for an outbox is never reopened, nor does it move back.
 */
export function createDynamoOutboxes(table: Table, shards: RoomShards): OutboxStore {
  const { name, clock } = table;

  const getItem = (sid: Sid) => table.get(outboxItem.getOutboxParams(name, sid));
  const toCall = () => ({ attempt: createAttempt(), nowSeconds: table.nowSeconds() });
  const dropIfLarge = async (sid: Sid, taker: string, frames: readonly string[]) => {
    if (toFramesBytes(frames) <= outboxFrames.MAX_KEPT_BYTES) return;
    await table.update(outboxFrames.dropTakenParams(name, { sid, taker, nowSeconds: table.nowSeconds() }));
  };

  /** All that there is, in one request, or the first of what was seen where that is too much for an answer. */
  const takeForGet = async (
    end: Parameters<typeof outboxFrames.endGetParams>[1],
    seen: readonly string[],
  ): Promise<Taken | undefined> => {
    if (seen.length <= MAX_GET_FRAMES) {
      const old = (await table.update(outboxFrames.endGetParams(name, end)))?.Attributes;
      return old && { frames: toFrames(old, "frames"), closed: old["closed"] !== undefined };
    }
    const first = seen.slice(0, MAX_GET_FRAMES);
    const ended = await table.update(outboxFrames.endFullGetParams(name, { ...end, first }));
    return ended && { frames: first, closed: false };
  };

  return {
    async createPollingSession(session, handshake, beat) {
      await table.write([
        { put: toSessionItem(session) },
        { put: toHandshakeItem(session.sid, handshake, session.expiresAtSeconds) },
        { put: outboxItem.toOutboxItem(session.sid) },
        { put: toBeatItem(beat) },
      ]);
    },

    async appendOutbox(append: OutboxAppend): Promise<AppendOutcome> {
      const call = { ...toCall(), markedAtMs: clock.nowMs() };
      const params = outboxFrames.appendOutboxParams(name, { ...append, ...call });
      for (let round = 1; ; round++) {
        const appended = await table.update(params);
        if (appended?.Attributes !== undefined) return toAppended(appended.Attributes);
        const item = await getItem(append.sid);
        if (item !== undefined && outboxFrames.hasAppended(item, call.attempt, call.markedAtMs))
          return toAppended(item);
        const outcome = toRefusal(item, append);
        if (outcome !== undefined) return outcome;
        if (round === APPEND_ROUNDS) return { outcome: "full" };
        await clock.sleep(APPEND_WAIT_MS);
      }
    },

    async closeOutbox(sid, frames) {
      const call = toCall();
      const closed = await table.update(outboxFrames.closeOutboxParams(name, { ...call, sid, frames }));
      return closed !== undefined || (await getItem(sid))?.["closed"] === call.attempt;
    },

    async readOutbox(sid) {
      const item = await getItem(sid);
      return item && outboxItem.fromOutboxItem(item);
    },

    async openGet(get): Promise<OpenGetOutcome> {
      const params = outboxFrames.openGetParams(name, { ...get, nowSeconds: table.nowSeconds() });
      const opened = await table.update(params);
      if (opened?.Attributes !== undefined)
        return { outcome: "opened", outbox: outboxItem.fromOutboxItem(opened.Attributes) };
      const item = await getItem(get.sid);
      if (item === undefined) return { outcome: "gone" };
      if (item["connectionId"] !== undefined) return { outcome: "moved" };
      const isStale = get.aliveSinceMs !== undefined && Number(item["lastGetUntilMs"]) < get.aliveSinceMs;
      return { outcome: isStale ? "stale" : "overlap" };
    },

    async endGet(sid, id, nowMs, seen = []) {
      const call = toCall();
      const end = { ...call, sid, id, nowMs };
      let frames = seen;
      for (;;) {
        const taken = await takeForGet(end, frames);
        if (taken !== undefined) {
          await dropIfLarge(sid, call.attempt, taken.frames);
          return taken;
        }
        const item = await getItem(sid);
        const before = toEndedBefore(item, call.attempt);
        if (before !== undefined) await dropIfLarge(sid, call.attempt, before.frames);
        if (before !== undefined || item?.["getId"] !== id) return before;
        // Others than were seen, so that another way of taking is needed.
        frames = toFrames(item, "frames");
      }
    },

    async startProbe(probe) {
      const params = outboxItem.startProbeParams(name, { ...probe, nowSeconds: table.nowSeconds() });
      if ((await table.update(params)) !== undefined) return "started";
      const item = await getItem(probe.sid);
      return item === undefined || !isOpen(item) ? "gone" : "busy";
    },

    async endProbe(sid, connectionId) {
      const call = toCall();
      const ended = await table.update(outboxItem.endProbeParams(name, { ...call, sid, connectionId }));
      return ended !== undefined || (await getItem(sid))?.["probeEnd"] === call.attempt;
    },

    async takeOutbox(sid) {
      const call = toCall();
      const old = (await table.update(outboxFrames.takeOutboxParams(name, { ...call, sid })))?.Attributes;
      const frames = old ? toFrames(old, "frames") : toTakenBefore(await getItem(sid), call.attempt);
      if (frames === undefined) return [];
      await dropIfLarge(sid, call.attempt, frames);
      return frames;
    },

    async moveOutbox(sid, target) {
      const move = { sid, target, nowSeconds: table.nowSeconds() };
      return (await table.update(outboxItem.moveOutboxParams(name, move))) !== undefined;
    },
    async upgradeSession(sid, connectionId) {
      const upgrade = { sid, connectionId, nowSeconds: table.nowSeconds() };
      return (await table.update(upgradeSessionParams(name, upgrade))) !== undefined;
    },

    async deleteOutbox(sid) {
      await table.remove(outboxItem.deleteOutboxParams(name, sid));
    },

    async repairRoute(nsp, room, sid, from, to) {
      const row = { nsp, room, sid, from, to, nowSeconds: table.nowSeconds() };
      const repaired = await Promise.all(
        shards
          .placesOfRow(nsp, room, sid)
          .map((shard) => table.update(repairRouteParams(name, { ...row, shard }))),
      );
      return repaired.some((one) => one !== undefined);
    },
  };
}

const isOpen = (item: Item): boolean => item["closed"] === undefined && item["connectionId"] === undefined;

const toFrames = (item: Item, attribute: "frames" | "taken"): string[] => item[attribute] as string[];

const toAppended = (item: Item): AppendOutcome => ({
  outcome: "appended",
  lastGetUntilMs: item["lastGetUntilMs"] as number,
});

/**
 * Why an append was refused, or undefined where nothing of the reason is left to see: a GET has just taken what the
 * outbox was full of, or large frames that it has taken still are in the row. For one that nobody needed to hear,
 * that is reason enough.
 */
function toRefusal(item: Item | undefined, append: OutboxAppend): AppendOutcome | undefined {
  if (item === undefined) return { outcome: "gone" };
  const { closed, movedTo, get } = outboxItem.fromOutboxItem(item);
  if (closed) return { outcome: "gone" };
  if (movedTo !== undefined) return { outcome: "moved", target: movedTo };
  const isParked = get !== undefined && get.untilMs > append.nowMs;
  if (append.onlyIfParked && !isParked) return { outcome: "unparked" };
  if (outboxFrames.isFull(item, append)) return { outcome: "full" };
  return append.onlyIfParked ? { outcome: "unparked" } : undefined;
}

interface Taken {
  readonly frames: readonly string[];
  readonly closed: boolean;
}

/** A close since then has left frames behind it, for the next GET, which is to hear of it. */
const toEndedBefore = (item: Item | undefined, attempt: string): Taken | undefined =>
  item?.["takenBy"] === attempt
    ? {
        frames: toFrames(item, "taken"),
        closed: item["closed"] !== undefined && toFrames(item, "frames").length === 0,
      }
    : undefined;

const toTakenBefore = (item: Item | undefined, attempt: string): string[] | undefined =>
  item?.["takenBy"] === attempt ? toFrames(item, "taken") : undefined;
