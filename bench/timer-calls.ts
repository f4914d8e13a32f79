import type { CountingAws } from "./counting-aws.ts";
import { Client, loadHandlers } from "./handler-client.ts";
import type { Operation } from "./operation.ts";

const minute = { getRemainingTimeInMillis: () => 60_000 };

/** `io.timer` and `io.every`. An alarm is due as soon as the bench takes it. */
export async function timerOperations(aws: CountingAws): Promise<readonly Operation[]> {
  const handlers = await loadHandlers("timing");
  let keys = 0;
  const connected = async (): Promise<Client> => (await Client.open(handlers, aws)).connect();
  const ticking = async (name: string): Promise<Client> => {
    const client = await connected();
    aws.sent.splice(0);
    await handlers.heartbeat({}, minute);
    const alarms = aws.sent.splice(0).filter((body) => body.includes(`"${name}"`));
    aws.sent.push(...(alarms.length > 0 ? alarms : ticks.splice(0)));
    return client;
  };
  /** Of a line that has begun, the alarm that is next. */
  const ticks: string[] = [];
  const withSet = async (then?: string): Promise<Client> => {
    const client = await connected();
    keys += 1;
    aws.sent.splice(0);
    await client.frame(`42["set","key-${keys}"]`);
    if (then !== undefined) await client.frame(`42["${then}","key-${keys}"]`);
    return client;
  };
  const setTen = async (client: Client): Promise<void> => {
    const own = Array.from({ length: 10 }, () => `ten-${(keys += 1)}`);
    await client.frame(`42["set all",${JSON.stringify(own)}]`);
  };
  return [
    {
      operation: "namespace CONNECT, io.every while connected",
      budget: { reads: 1 + 1, writes: 1, posts: 1 },
      prepare: async () => {
        await connected();
        return Client.open(handlers, aws);
      },
      act: (client) => client.frame("40"),
    },
    {
      operation: "io.timer: set",
      budget: { reads: 1, writes: 1, sends: 1 },
      prepare: connected,
      act: (client) => client.frame(`42["set","set-${(keys += 1)}"]`),
    },
    {
      operation: "io.timer: cancel",
      budget: { reads: 1, writes: 1 },
      prepare: () => withSet(),
      act: (client) => client.frame(`42["cancel","key-${keys}"]`),
    },
    {
      operation: "an alarm of a cancelled timer",
      budget: { reads: 1 },
      prepare: () => withSet("cancel"),
      act: (client) => client.takeSent(),
    },
    {
      operation: "a timer that rings",
      budget: { reads: 2, writes: 1, sends: 1 },
      prepare: () => withSet(),
      act: async (client) => {
        await client.takeSent();
        await client.takeSent();
      },
    },
    {
      operation: "io.timer: set, ten in a turn",
      budget: { reads: 1, writes: 10, sends: 1 },
      prepare: connected,
      act: setTen,
    },
    {
      operation: "ten timers that ring together",
      budget: { reads: 2, writes: 10, sends: 1 },
      prepare: async () => {
        const client = await connected();
        aws.sent.splice(0);
        await setTen(client);
        return client;
      },
      act: async (client) => {
        await client.takeTogether();
        await client.takeTogether();
      },
    },
    {
      operation: "a time of io.every",
      budget: { reads: 2, writes: 1, sends: 2 },
      prepare: () => ticking("tick"),
      act: async (client) => {
        await client.takeSent();
        await client.takeSent();
        ticks.push(...aws.sent.splice(0));
      },
    },
  ];
}
