/**
 * How many AWS requests each operation costs, counted on the wire under the real handlers, beside its budget.
 * `npm run bench:calls [-- --json | --write]`. Exits 1 over budget: money is a matter of requests, so this one is judged;
 * and when `nonsticky cost` reckons with other counts than these, which `--write` gives it.
 */
import { parseArgs } from "node:util";
import { isPublished, writePublished } from "./published-calls.ts";
import { startCountingAws } from "./counting-aws.ts";
import { Client, loadHandlers } from "./handler-client.ts";
import type { Budgeted, Counted, Operation } from "./operation.ts";
import { liveOperations } from "./live-calls.ts";
import { measureIdlePoll, pollingOperations } from "./polling-calls.ts";
import { recoveryOperations } from "./recovery-calls.ts";
import { shardOperations } from "./shard-calls.ts";
import { measureSweep } from "./sweep-calls.ts";
import { timerOperations } from "./timer-calls.ts";

interface Row extends Counted {
  readonly operation: string;
  readonly budget: Budgeted;
  readonly ok: boolean;
}

const noBudget: Budgeted = { reads: 0, writes: 0, posts: 0, sends: 0, invokes: 0 };
const nothing: Counted = { ...noBudget, readUnits: 0, writeUnits: 0 };

const RECIPIENTS = 10;
const ROOMS = 3;
/** A question looks for its answers 25 and 75 ms after it was asked; by then they are here. */
const LOOKS = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: "boolean", default: false }, write: { type: "boolean", default: false } },
  });
  const aws = await startCountingAws();
  const handlers = await loadHandlers();
  const exclusive = await loadHandlers("exclusive");
  const recovery = await loadHandlers("recovery");
  const digest = await loadHandlers("digest");
  const rooms = await loadHandlers("rooms");
  const admin = await loadHandlers("admin");
  const opened = () => Client.open(handlers, aws);
  const connectedTo = async (app: typeof handlers): Promise<Client> =>
    (await Client.open(app, aws)).connect();
  const connected = () => connectedTo(handlers);
  let crowds = 0;
  const crowd = () => crowdOf(connected);
  const crowdOf = async (connect: () => Promise<Client>): Promise<Client> => {
    const room = `crowd-${crowds++}`;
    const members = await Promise.all(Array.from({ length: RECIPIENTS }, connect));
    for (const member of members) await member.frame(`42["crowd","${room}"]`);
    const speaker = await connect();
    speaker.room = room;
    speaker.members = members;
    return speaker;
  };

  const operations: readonly Operation[] = [
    {
      operation: "connect (authorizer)",
      budget: { writes: 1 },
      prepare: async () => Client.arrive(handlers, aws),
      act: (client) => client.authorize(),
    },
    {
      operation: "OPEN",
      budget: { writes: 1, posts: 1 },
      prepare: async () => {
        const client = Client.arrive(handlers, aws);
        await client.authorize();
        return client;
      },
      act: (client) => client.letter({ type: "CONNECT" }),
    },
    {
      operation: "namespace CONNECT",
      budget: { reads: 1, writes: 1, posts: 1 },
      prepare: opened,
      act: (client) => client.frame("40"),
    },
    {
      operation: "EVENT, handler does nothing",
      budget: { reads: 1 },
      prepare: connected,
      act: (client) => client.frame('42["nothing"]'),
    },
    {
      operation: "10 EVENTs of one session in one batch",
      budget: { reads: 1 },
      prepare: connected,
      act: (client) => client.frames(Array.from({ length: 10 }, () => '42["nothing"]')),
    },
    {
      operation: "EVENT with ack",
      budget: { reads: 1, posts: 1 },
      prepare: connected,
      act: (client) => client.frame('421["ack"]'),
    },
    {
      operation: "socket.emit in a handler",
      budget: { reads: 1, posts: 1 },
      prepare: connected,
      act: (client) => client.frame('42["emit"]'),
    },
    ...[1, 3].map((packets) => ({
      operation: `${packets} binary socket.emit, outbound: "exclusive"`,
      budget: { reads: 1, writes: 2, posts: 2 * packets },
      prepare: () => connectedTo(exclusive),
      act: (client: Client) => client.frame(`42["emit",${packets}]`),
    })),
    {
      operation: "join",
      budget: { reads: 1, writes: 1 },
      prepare: connected,
      act: (client) => client.frame('42["join"]'),
    },
    {
      operation: "leave",
      budget: { reads: 1, writes: 1 },
      prepare: async () => {
        const client = await connected();
        await client.frame('42["join"]');
        return client;
      },
      act: (client) => client.frame('42["leave"]'),
    },
    {
      operation: "data changed",
      budget: { reads: 1, writes: 1 },
      prepare: connected,
      act: (client) => client.frame('42["data"]'),
    },
    ...(
      [
        ["get", { reads: 1 + 1 }],
        ["set", { reads: 1, writes: 1 }],
        ["set owned", { reads: 1, writes: 2 }],
        ["update", { reads: 1 + 1, writes: 1 }],
        ["increment", { reads: 1, writes: 1 }],
      ] as const
    ).map(([call, budget]) => ({
      operation: `io.shared: ${call}`,
      budget,
      prepare: connected,
      act: (client: Client) => client.frame(`42["shared ${call}"]`),
    })),
    {
      operation: `io.to(room).emit, ${RECIPIENTS} recipients`,
      budget: { reads: 2, posts: RECIPIENTS },
      prepare: crowd,
      act: (client) => client.frame(`42["room","${client.room}"]`),
    },
    {
      operation: "namespace CONNECT, with replayDigest",
      budget: { reads: 1, writes: 2, posts: 1 },
      prepare: () => Client.open(digest, aws),
      act: (client) => client.frame("40"),
    },
    {
      operation: "namespace CONNECT, with recovery",
      budget: { reads: 1, writes: 1, posts: 1 },
      prepare: () => Client.open(recovery, aws),
      act: (client) => client.frame("40"),
    },
    {
      operation: `io.to(room).emit, ${RECIPIENTS} recipients, with recovery`,
      budget: { reads: 2, writes: 2, posts: RECIPIENTS },
      prepare: () => crowdOf(() => connectedTo(recovery)),
      act: (client) => client.frame(`42["room","${client.room}"]`),
    },
    {
      operation: `io.to(room).except(other).emit, ${RECIPIENTS} recipients`,
      budget: { reads: 3, posts: RECIPIENTS },
      prepare: crowd,
      act: (client) => client.frame(`42["except","${client.room}","nobody"]`),
    },
    {
      operation: "emitWithAck, answered at once",
      budget: { reads: 1 + LOOKS, writes: 1 + 1, posts: 1 },
      prepare: connected,
      act: (client) => Promise.all([client.frame('42["ask"]'), client.answer()]),
    },
    {
      operation: "ack received (43), of a question",
      budget: { writes: 1 },
      prepare: async () => {
        const client = await connected();
        await client.frame('42["ask in vain"]');
        return client;
      },
      act: (client) => client.answer(),
    },
    {
      operation: `io.to(room).emitWithAck, ${RECIPIENTS} recipients`,
      budget: { reads: 2 + LOOKS, writes: 1 + RECIPIENTS, posts: RECIPIENTS },
      prepare: crowd,
      act: (client) =>
        Promise.all([
          client.frame(`42["ask room","${client.room}"]`),
          ...client.members.map((member) => member.answer()),
        ]),
    },
    {
      operation: `fetchSockets of ${RECIPIENTS}`,
      budget: { reads: 2 + RECIPIENTS },
      prepare: crowd,
      act: (client) => client.frame(`42["fetch","${client.room}"]`),
    },
    {
      operation: `io.in(room).count of ${RECIPIENTS}`,
      budget: { reads: 1 + 1 },
      prepare: crowd,
      act: (client) => client.frame(`42["count","${client.room}"]`),
    },
    // A transaction for each room, behind a read unless it is the socket's own.
    {
      operation: "namespace CONNECT, rooms heard",
      budget: { reads: 1, writes: 1 + 1, posts: 1 },
      prepare: () => Client.open(rooms, aws),
      act: (client) => client.frame("40"),
    },
    {
      operation: "join, rooms heard",
      budget: { reads: 1 + 1, writes: 1 },
      prepare: () => connectedTo(rooms),
      act: (client) => client.frame('42["join"]'),
    },
    {
      operation: "leave, rooms heard",
      budget: { reads: 1 + 1, writes: 1 },
      prepare: async () => {
        const client = await connectedTo(rooms);
        await client.frame('42["join"]');
        return client;
      },
      act: (client) => client.frame('42["leave"]'),
    },
    {
      operation: "close in no room, rooms heard",
      budget: { reads: 1, writes: 2 + 1 + 1 + 1 },
      prepare: () => connectedTo(rooms),
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
    {
      operation: `close in ${ROOMS} rooms, rooms heard`,
      budget: { reads: 1 + ROOMS, writes: 2 + 1 + (ROOMS + 1) + 1 },
      prepare: async () => {
        const client = await connectedTo(rooms);
        for (let n = 0; n < ROOMS; n++) await client.frame(`42["crowd","heard-${n}"]`);
        return client;
      },
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
    // What an instance knows for five seconds, it has learnt from who was there before.
    {
      operation: "namespace CONNECT, instrumented, nobody looks",
      budget: { reads: 1, writes: 1, posts: 1 },
      prepare: async () => {
        await connectedTo(admin);
        return Client.open(admin, aws);
      },
      act: (client) => client.frame("40"),
    },
    {
      operation: "EVENT, handler does nothing, instrumented, nobody looks",
      budget: { reads: 1 },
      prepare: () => connectedTo(admin),
      act: (client) => client.frame('42["nothing"]'),
    },
    {
      operation: "join, instrumented, nobody looks",
      budget: { reads: 1, writes: 1 },
      prepare: () => connectedTo(admin),
      act: (client) => client.frame('42["join"]'),
    },
    {
      operation: `io.to(room).emit, ${RECIPIENTS} recipients, instrumented, nobody looks`,
      budget: { reads: 2, posts: RECIPIENTS },
      prepare: () => crowdOf(() => connectedTo(admin)),
      act: (client) => client.frame(`42["room","${client.room}"]`),
    },
    {
      operation: "close in no room, instrumented, nobody looks",
      budget: { reads: 1, writes: 2 + Math.ceil(2 / 25) + 1 },
      prepare: () => connectedTo(admin),
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
    {
      operation: `data of ${RECIPIENTS} remote sockets written`,
      budget: { reads: 2 + RECIPIENTS, writes: RECIPIENTS },
      prepare: crowd,
      act: (client) => client.frame(`42["write data","${client.room}"]`),
    },
    {
      operation: "serverSideEmit, and what it runs",
      budget: { reads: 1, sends: 1 },
      prepare: connected,
      act: async (client) => {
        await client.frame('42["tell server"]');
        await client.takeSent();
      },
    },
    {
      operation: "serverSideEmitWithAck, and what it runs",
      budget: { reads: 1 + LOOKS, writes: 1 + 1, sends: 1 },
      prepare: connected,
      act: (client) => Promise.all([client.frame('42["ask server"]'), client.takeNextSent()]),
    },
    {
      operation: "pong",
      budget: { writes: 1 },
      prepare: connected,
      act: (client) => client.frame("3"),
    },
    {
      operation: "close in no room",
      budget: { reads: 1, writes: 2 + Math.ceil(2 / 25) + 1 },
      prepare: connected,
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
    {
      operation: `close in ${ROOMS} rooms`,
      budget: { reads: 1, writes: 2 + Math.ceil((ROOMS + 2) / 25) + 1 },
      prepare: async () => {
        const client = await connected();
        for (let n = 0; n < ROOMS; n++) await client.frame(`42["crowd","close-${n}"]`);
        return client;
      },
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
    {
      operation: "close by the server (protocol error)",
      budget: { reads: 2, writes: 2 + 1 + 1 + 1, sends: 1 },
      prepare: connected,
      act: async (client) => {
        await client.frame("47");
        await client.takeSent();
      },
    },
  ];

  const rows: Row[] = [];
  const { keepAlive, ping } = await measureSweep(handlers, aws, RECIPIENTS);
  const measure = async <Who>(operation: Operation<Who>): Promise<void> => {
    await run(operation); // the first time warms the instance
    rows.push(await run(operation));
  };
  for (const operation of operations) await measure(operation);
  for (const operation of await recoveryOperations(aws)) await measure(operation);
  for (const operation of shardOperations(handlers, aws, RECIPIENTS)) await measure(operation);
  for (const operation of await timerOperations(aws)) await measure(operation);
  for (const operation of await liveOperations(aws)) await measure(operation);
  for (const operation of pollingOperations({ handlers, aws }, { speaker: connected, members: RECIPIENTS }))
    await measure(operation);
  const idle = await measureIdlePoll({ handlers, aws });
  rows.push(
    toRow("idle poll, a second of its first five", { ...nothing, ...idle.first }, { ...noBudget, reads: 5 }),
  );
  rows.push(
    toRow("idle poll, a second after those", { ...nothing, ...idle.later }, { ...noBudget, reads: 2 }),
  );
  const onePost = { ...noBudget, posts: 1 };
  rows.push(toRow("keep-alive, beyond the sweep's own requests", { ...nothing, ...keepAlive }, onePost));
  rows.push(toRow("ping, beyond the sweep's own requests", { ...nothing, ...ping }, onePost));
  await aws.stop();

  async function run<Who>({ operation, budget, prepare, act }: Operation<Who>): Promise<Row> {
    const client = await prepare();
    aws.reset();
    await act(client);
    const { closes: _closes, deletes: _deletes, ...counted } = aws.calls;
    return toRow(operation, counted, { ...noBudget, ...budget });
  }

  if (values.json) console.log(JSON.stringify({ rows }));
  else print(rows);
  if (rows.some(({ ok }) => !ok)) process.exitCode = 1;
  if (values.write) writePublished(rows);
  else if (!isPublished(rows)) process.exitCode = 1;
}

function toRow(operation: string, counted: Counted, budget: Budgeted): Row {
  // Fewer posts than recipients is no saving but work that was not done.
  if (counted.posts < budget.posts) {
    throw new Error(`expected ${operation} to post ${budget.posts} frames, got ${counted.posts}`);
  }
  return { operation, ...counted, budget, ok: keys(budget).every((key) => counted[key] <= budget[key]) };
}

const keys = (calls: Budgeted): readonly (keyof Budgeted)[] => Object.keys(calls) as (keyof Budgeted)[];

function print(rows: readonly Row[]): void {
  const columns = keys(rows[0]?.budget ?? ({} as Budgeted));
  console.log(`${"operation".padEnd(46)}${columns.map((column) => column.padStart(10)).join("")}`);
  for (const row of rows) {
    const cells = columns.map((column) => `${row[column]}/${row.budget[column]}`.padStart(10));
    console.log(`${row.operation.padEnd(46)}${cells.join("")}${row.ok ? "" : "  over budget"}`);
  }
}

await main();
