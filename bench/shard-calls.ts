import { createSid, createSocketId, toConnectionId } from "../lib/ids.ts";
import { systemClock } from "../lib/clock.ts";
import { GetCommand } from "../lib/state/dynamo/commands.ts";
import { createDynamoStore } from "../lib/state/dynamo/dynamo-store.ts";
import { ROOM_SHARDS, roomShardsKey } from "../lib/state/dynamo/keys.ts";
import { createTableClient } from "../lib/state/dynamo/table-client.ts";
import type { CountingAws } from "./counting-aws.ts";
import { Client, type Handlers } from "./handler-client.ts";
import type { Operation } from "./operation.ts";

/** A room's first partition, and its others. */
const PARTITIONS = 1 + ROOM_SHARDS;

/** What is different where a room has outgrown one partition, on an instance that has heard of it. */
export function shardOperations(handlers: Handlers, aws: CountingAws, members: number): readonly Operation[] {
  const connected = async (): Promise<Client> => (await Client.open(handlers, aws)).connect();
  let rooms = 0;
  const speaker = async (): Promise<Client> => {
    const client = await connected();
    client.room = `large-${rooms++}`;
    await spread(client.room);
    await client.frame(`42["room","${client.room}"]`);
    return client;
  };
  const smallSpeaker = async (): Promise<Client> => {
    const client = await connected();
    client.room = `small-${rooms++}`;
    return client;
  };
  const crowd = async (speak = speaker): Promise<Client> => {
    const client = await speak();
    client.members = await Promise.all(Array.from({ length: members }, connected));
    for (const member of client.members) await member.frame(`42["crowd","${client.room}"]`);
    return client;
  };

  return [
    {
      operation: `io.to(room).emit, ${members} recipients, room in shards`,
      budget: { reads: 1 + PARTITIONS, posts: members },
      prepare: () => crowd(),
      act: (client) => client.frame(`42["room","${client.room}"]`),
    },
    {
      operation: `io.in(room).count of ${members}, room in shards`,
      budget: { reads: 1 + PARTITIONS },
      prepare: () => crowd(),
      act: (client) => client.frame(`42["count","${client.room}"]`),
    },
    {
      operation: "join, room in shards",
      budget: { reads: 1, writes: 1 },
      prepare: speaker,
      act: (client) => client.frame(`42["crowd","${client.room}"]`),
    },
    {
      operation: "close, room in shards",
      budget: { reads: 1, writes: 2 + 1 + 1 },
      prepare: async () => {
        const client = await speaker();
        await client.frame(`42["crowd","${client.room}"]`);
        return client;
      },
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
    {
      // One read a call, whether the other room is large or not: of the mark that it would have.
      operation: `io.in(room).socketsLeave(another) of ${members}`,
      budget: { reads: 2 + 1, writes: members },
      prepare: () => crowd(smallSpeaker),
      act: (client) => client.frame(`42["take out","${client.room}","another"]`),
    },
  ];
}

/** As an instance does it that finds a large room, of three members here, who leave again. */
async function spread(room: string): Promise<void> {
  const client = createTableClient(process.env);
  const tableName = process.env["NONSTICKY_TABLE"] ?? "";
  const roomShards = { outgrownAt: 0, lookEvery: 1 };
  const store = createDynamoStore({ client, tableName, clock: systemClock, roomShards });
  const sids = [1, 2, 3].map(() => createSid(Date.now()));
  for (const sid of sids) {
    const route = { kind: "connection", connectionId: toConnectionId("gone=") } as const;
    await store.joinRooms("/", { sid, socketId: createSocketId(), route, protocol: 4 }, [room]);
  }
  for (const sid of sids) await store.leaveRooms("/", sid, [room], undefined, true);
  const mark = await client.send(
    new GetCommand({ TableName: tableName, Key: roomShardsKey("/", room), ConsistentRead: true }),
  );
  client.destroy();
  if (mark.Item === undefined) throw new Error("expected a room with shards, got one without");
}
