import type { Sid } from "../../../ids.ts";
import type { HandshakeRecord } from "../../records.ts";
import type { Item } from "../expressions.ts";
import { handshakeKey, type Key } from "../keys.ts";

/** As JSON text: headers and query have names that a client chose, and nothing ever looks inside. */
export const toHandshakeItem = (
  sid: Sid,
  handshake: HandshakeRecord,
  expiresAtSeconds: number,
): Item & Key => ({
  ...handshakeKey(sid),
  json: JSON.stringify(handshake),
  expiresAt: expiresAtSeconds,
});

export const fromHandshakeItem = (item: Item): HandshakeRecord =>
  JSON.parse(item["json"] as string) as HandshakeRecord;
