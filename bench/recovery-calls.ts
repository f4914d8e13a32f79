import { setTimeout } from "node:timers/promises";
import type { Operation } from "./operation.ts";
import type { CountingAws } from "./counting-aws.ts";
import { Client, loadHandlers } from "./handler-client.ts";

const MISSED = 5;
const ROOMS = 3;
/** What was emitted within this time of the return is looked for twice. */
const QUIET_MS = 150;

/** What connection state recovery adds to an emit to one client, and what a client's return costs. */
export async function recoveryOperations(aws: CountingAws): Promise<readonly Operation[]> {
  const handlers = await loadHandlers("recovery");
  const connected = async (): Promise<Client> => (await Client.open(handlers, aws)).connect();
  let crowds = 0;
  const toRooms = (count: number) => Array.from({ length: count }, () => `recovery-${crowds++}`);

  /** A client that has left, and missed events of one of its rooms; resolves with the one it comes back as. */
  const away = async (): Promise<Client> => {
    const rooms = toRooms(ROOMS);
    const [left, speaker] = [await connected(), await connected()];
    await left.frame(`42["crowd",${JSON.stringify(rooms)}]`);
    await left.frame('42["emit"]');
    const welcome = left.heard.find((frame) => frame.startsWith("40{")) ?? "40{}";
    const { pid } = JSON.parse(welcome.slice(2)) as { pid?: string };
    const offset = (JSON.parse(left.heard.at(-1)?.slice(2) ?? "[]") as string[]).at(-1);
    await left.letter({ type: "DISCONNECT" });
    await speaker.frame(`42["room","${rooms[0]}",${MISSED}]`);
    await setTimeout(QUIET_MS);
    const back = await Client.open(handlers, aws);
    back.room = JSON.stringify({ pid, offset });
    return back;
  };

  return [
    {
      operation: "socket.emit in a handler, with recovery",
      budget: { reads: 1, writes: 2, posts: 1 },
      prepare: connected,
      act: (client) => client.frame('42["emit"]'),
    },
    {
      operation: "leave a room, with recovery",
      // Which rooms it has left is kept with the socket.
      budget: { reads: 1, writes: 2 },
      prepare: async () => {
        const client = await connected();
        await client.frame('42["crowd",["left"]]');
        return client;
      },
      act: (client) => client.frame('42["leave","left"]'),
    },
    {
      operation: "return of a client that shows an offset it has not heard",
      // Its session, the private id, the old session, the logs; then it is let in as anybody.
      budget: { reads: 3 + 2 + ROOMS, writes: 1, posts: 1 },
      prepare: async () => {
        const back = await away();
        const { pid, offset } = JSON.parse(back.room) as { pid: string; offset: string };
        back.room = JSON.stringify({ pid, offset: `${offset.slice(0, 15)}0badcafe` });
        return back;
      },
      act: (client) => client.frame(`40${client.room}`),
    },
    {
      operation: `return of a client in ${ROOMS} rooms, ${MISSED} missed`,
      // Its session, the private id, the old session; twice the logs of everyone, of its own and of its rooms: before
      // its state is taken over, and once others find it. The private id, the hold, the socket, twice what is in the
      // hold, and the hold's end.
      budget: { reads: 3 + 2 * (2 + ROOMS), writes: 6, posts: MISSED + 1 },
      prepare: away,
      act: (client) => client.frame(`40${client.room}`),
    },
  ];
}
