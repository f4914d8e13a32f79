import { ConditionalCheckFailedException } from "@aws-sdk/client-dynamodb";
import { toConnectionId } from "../../lib/ids.ts";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import { createDynamoStore } from "../../lib/state/dynamo/dynamo-store.ts";
import { toOutboxItem } from "../../lib/state/dynamo/items/outbox-item.ts";
import type { Store } from "../../lib/state/store.ts";
import * as fixtures from "../state/fixtures.ts";

/** The commands of the document client, and what IAM calls them. */
export const actionOf: Readonly<Record<string, string>> = {
  BatchGetCommand: "dynamodb:BatchGetItem",
  BatchWriteCommand: "dynamodb:BatchWriteItem",
  DeleteCommand: "dynamodb:DeleteItem",
  GetCommand: "dynamodb:GetItem",
  PutCommand: "dynamodb:PutItem",
  QueryCommand: "dynamodb:Query",
  UpdateCommand: "dynamodb:UpdateItem",
};

const sid = fixtures.sidOf(1);
const connectionId = toConnectionId("PJqB0fHsqRcCHlw=");
const now = fixtures.START_MS;

const entry = { value: { kind: "json", text: "1" }, expiresAtSeconds: now } as const;

/** Each method that a function of less than all rights calls, once. */
const calls: Readonly<Partial<Record<keyof Store, (store: Store) => Promise<unknown>>>> = {
  createSession: (store) => store.createSession(fixtures.sessionOf(sid), fixtures.handshakeOf()),
  startProbe: (store) => store.startProbe(fixtures.probeOf(sid, connectionId)),
  createPollingSession: (store) =>
    store.createPollingSession(
      fixtures.pollingSessionOf(sid),
      fixtures.handshakeOf(),
      fixtures.beatOf(sid, { route: { kind: "out" } }),
    ),
  readOutbox: (store) => store.readOutbox(sid),
  openGet: (store) => store.openGet(fixtures.getOf(sid, "get")),
  endGet: (store) => store.endGet(sid, "get", now),
  endProbe: (store) => store.endProbe(sid, connectionId),
  appendOutbox: (store) => store.appendOutbox(fixtures.appendOf(sid, ["2"])),
  closeOutbox: (store) => store.closeOutbox(sid, ["1"]),
  deleteOutbox: (store) => store.deleteOutbox(sid),
  severSession: (store) => store.severSession(sid),
  loadSession: (store) => store.loadSession(sid, { handshake: false }),
  getBeat: (store) => store.getBeat(sid, 240_000),
  deleteBeat: (store) => store.deleteBeat(sid, 240_000),
  listBeats: (store) => fixtures.collect(store.listBeats(240_000, 0, 1000)),
  hasBeats: (store) => store.hasBeats(240_000),
  listSweeps: (store) => store.listSweeps(),
  saveSweep: (store) => store.saveSweep(fixtures.sweepOf(), now),
  deleteSweep: (store) => store.deleteSweep(240_000),
  saveDeployment: (store) => store.saveDeployment({ savedAtMs: now }),
  getDeployment: (store) => store.getDeployment(),
  countPoller: (store) => store.countPoller(7),
  reservePosts: (store) => store.reservePosts({ durationMs: 1, nowMs: now }).catch(() => undefined),
  cutPace: (store) => store.cutPace({ pace: 1, atMs: now }, now),
  deleteMemberIfRoute: (store) => store.deleteMemberIfRoute("/", "a", sid, { kind: "out" }),
  repairRoute: (store) => store.repairRoute("/", "a", sid, { kind: "out" }, { kind: "out" }),
  listRoomMembers: (store) => fixtures.collect(store.listRoomMembers("/", "a")),
  listNamespaceMembers: (store) => Promise.all(store.listNamespaceMembers("/").map(fixtures.collect)),
  takeLease: (store) => store.takeLease({ sid, holder: "a", nowMs: now, untilMs: now + 5000 }),
  endLease: (store) => store.endLease(sid, "a"),
  getManyShared: (store) =>
    store.getManyShared([
      { map: "users", key: "a" },
      { map: "users", key: "b" },
    ]),
  replaceShared: (store) => store.replaceShared({ map: "users", key: "a" }, undefined, entry),
  saveAnswer: (store) => store.saveAnswer({ ackId: 7, nsp: "/", sid, messages: ['37["hi"]'], atMs: now }),
};

/** What IAM has to allow for these methods of the DynamoDB store, whether or not their conditions hold. */
export async function actionsOfStore(methods: readonly string[]): Promise<string[]> {
  const actions = new Set<string>();
  for (const method of methods) {
    const call = calls[method as keyof Store];
    if (call === undefined)
      throw new Error(`expected a call of ${method} in test/infra/store-actions.ts, got none`);
    for (const holds of [true, false]) {
      const store = createDynamoStore({
        client: createRecorder(actions, holds),
        tableName: "table",
        clock: fixtures.createOwnedClock(),
      });
      await call(store);
    }
  }
  return [...actions].sort();
}

/** A client that notes each command. Every condition holds, of an empty outbox, or none does, of no row at all. */
function createRecorder(actions: Set<string>, holds: boolean): AwsClient {
  const send = async (command: { readonly input: object }): Promise<unknown> => {
    const name = command.constructor.name;
    actions.add(actionOf[name] ?? `unknown: ${name}`);
    if (!holds && "ConditionExpression" in command.input) {
      throw new ConditionalCheckFailedException({ message: "refused", $metadata: {} });
    }
    return holds ? { Attributes: toOutboxItem(sid) } : {};
  };
  return { send } as unknown as AwsClient;
}
