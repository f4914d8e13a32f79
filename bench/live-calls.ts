import type { CountingAws } from "./counting-aws.ts";
import { Client, loadHandlers } from "./handler-client.ts";
import type { Operation } from "./operation.ts";

/** Live values: a read beside that of the session, and one write for all that handlers of a batch change. */
export async function liveOperations(aws: CountingAws): Promise<readonly Operation[]> {
  const handlers = await loadHandlers("live");
  const opened = () => Client.open(handlers, aws);
  const connected = async () => (await opened()).connect();
  const event = (operation: string, text: string, budget: Operation["budget"]): Operation => ({
    operation,
    budget: { ...budget, reads: 1 + 1 },
    prepare: async () => {
      const client = await connected();
      // A table that has nothing bills nothing for reading that.
      await client.frame('42["all"]');
      return client;
    },
    act: (client) => client.frame(text),
  });
  return [
    {
      operation: "namespace CONNECT, live values",
      budget: { reads: 1 + 1, writes: 1, posts: 1 },
      prepare: opened,
      act: (client) => client.frame("40"),
    },
    event("EVENT, live values, handler does nothing", '42["nothing"]', {}),
    event("EVENT with ack, live values read", '421["read"]', { posts: 1 }),
    event("EVENT with ack, a key of a live value changed", '421["key"]', { writes: 1, posts: 1 }),
    event("EVENT, a live number counted", '42["count"]', { writes: 1 }),
    event("EVENT, a live list, number and key changed, and data", '42["all"]', { writes: 1 }),
    {
      operation: "pong, live values",
      budget: { writes: 1 },
      prepare: connected,
      act: (client) => client.frame("3"),
    },
    {
      operation: "close in no room, a live number counted",
      budget: { reads: 1 + 1, writes: 2 + 1 + 1 + 1 },
      prepare: connected,
      act: (client) => client.letter({ type: "DISCONNECT" }),
    },
  ];
}
