import type { UpdateCommandInput } from "@aws-sdk/lib-dynamodb";
import type { Pid, Sid, SocketId } from "../../../ids.ts";
import { sessionExpiresAtSeconds } from "../../expiry.ts";
import type { SocketRecord } from "../../records.ts";
import { requireWellFormed } from "../../row-limits.ts";
import type { SocketChanges } from "../../store.ts";
import { IS_LIVE, type Item } from "../expressions.ts";
import { socketKey, type Key } from "../keys.ts";
import { parseKey } from "../parse-key.ts";

/**
 * `data` is a map from the start, so that its keys can be set one by one; `spent` is a string set, and absent while
 * it would be empty, for there are no empty sets. Names that an app chose get a dot in front: the empty string is
 * neither an attribute nor a member of a set, and `__proto__` would be lost on the way through an object.
 */
export const toSocketItem = (sid: Sid, socket: SocketRecord): Item & Key => ({
  ...socketKey(sid, socket.nsp),
  socketId: socket.socketId,
  ...(socket.pid === undefined ? {} : { pid: socket.pid }),
  ...(socket.parent === undefined ? {} : { parent: socket.parent }),
  ...(socket.counted ? { counted: true } : {}),
  connectedAtMs: socket.connectedAtMs,
  data: Object.fromEntries(Object.entries(socket.data).map(([key, json]) => [toDotted(key), json])),
  ...(socket.spent.length === 0 ? {} : { spent: new Set(socket.spent.map(toDotted)) }),
  expiresAt: sessionExpiresAtSeconds(sid),
});

export function fromSocketItem(item: Item): SocketRecord {
  const { nsp } = parseKey(item as unknown as Key) as { nsp: string };
  const spent = (item["spent"] as Set<string> | undefined) ?? [];
  return {
    nsp,
    socketId: item["socketId"] as SocketId,
    ...(item["pid"] === undefined ? {} : { pid: item["pid"] as Pid }),
    ...(item["parent"] === undefined ? {} : { parent: item["parent"] as string }),
    ...(item["counted"] === true ? { counted: true } : {}),
    connectedAtMs: item["connectedAtMs"] as number,
    data: Object.fromEntries(
      Object.entries(item["data"] as Record<string, string>).map(([key, json]) => [key.slice(1), json]),
    ),
    spent: [...spent].map((key) => key.slice(1)),
  };
}

/** Paths in one update: an expression ends at 4 KB, and one path takes some twenty bytes of it. */
const MAX_PATHS = 150;

/** One update, unless more than 150 keys changed. */
export function saveSocketParams(
  tableName: string,
  {
    sid,
    nsp,
    socketId,
    changes,
    nowSeconds,
  }: { sid: Sid; nsp: string; socketId: SocketId; changes: SocketChanges; nowSeconds: number },
): UpdateCommandInput[] {
  const removed = [...new Set(changes.remove)].filter((key) => !Object.hasOwn(changes.set, key));
  const paths = [
    ...Object.entries(changes.set).map(([key, json]) => ({ key, json })),
    ...removed.map((key) => ({ key, json: undefined })),
  ];
  const updates = Math.max(1, Math.ceil(paths.length / MAX_PATHS));
  return Array.from({ length: updates }, (_, index) => ({
    TableName: tableName,
    Key: socketKey(sid, nsp),
    ConditionExpression: `${IS_LIVE} AND socketId = :socketId`,
    ...toUpdate(paths.slice(index * MAX_PATHS, (index + 1) * MAX_PATHS), index === 0 ? changes.spent : [], {
      ":socketId": socketId,
      ":now": nowSeconds,
    }),
  }));
}

function toUpdate(
  paths: readonly { readonly key: string; readonly json: string | undefined }[],
  spent: readonly string[],
  conditionValues: Record<string, unknown>,
) {
  const names: Record<string, string> = paths.length === 0 ? {} : { "#data": "data" };
  const values: Record<string, unknown> = { ...conditionValues };
  const set: string[] = [];
  const remove: string[] = [];
  for (const [index, { key, json }] of paths.entries()) {
    names[`#${index}`] = toDotted(requireWellFormed(key));
    if (json === undefined) remove.push(`#data.#${index}`);
    else {
      set.push(`#data.#${index} = :${index}`);
      values[`:${index}`] = json;
    }
  }
  if (spent.length > 0) values[":spent"] = new Set(spent.map(toDotted));
  const clauses = [
    ...(set.length > 0 ? [`SET ${set.join(", ")}`] : []),
    ...(remove.length > 0 ? [`REMOVE ${remove.join(", ")}`] : []),
    ...(spent.length > 0 ? ["ADD spent :spent"] : []),
  ];
  return {
    ...(clauses.length === 0 ? {} : { UpdateExpression: clauses.join(" ") }),
    ...(paths.length === 0 ? {} : { ExpressionAttributeNames: names }),
    ExpressionAttributeValues: values,
  };
}

const toDotted = (key: string): string => `.${requireWellFormed(key)}`;
