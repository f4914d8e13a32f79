import type { Sid, SocketId } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { AuthRecord } from "../../records.ts";
import type { Item } from "../expressions.ts";
import { authKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/** As JSON text: a client may nest deeper than the 32 levels that an attribute may have. */
export const toAuthItem = (sid: Sid, { nsp, socketId, auth }: AuthRecord): Item & Key => ({
  ...authKey(sid, nsp),
  socketId,
  json: JSON.stringify(auth),
  expiresAt: sessionExpiresAtSeconds(sid),
});

export function fromAuthItem(item: Item): AuthRecord {
  const { nsp } = parseKey(item as unknown as Key) as { nsp: string };
  const auth = JSON.parse(item["json"] as string) as AuthRecord["auth"];
  return { nsp, socketId: item["socketId"] as SocketId, auth };
}
