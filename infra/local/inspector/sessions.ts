import { systemClock } from "../../../lib/clock.ts";
import { toSid } from "../../../lib/ids.ts";
import { storedData } from "../../../lib/socketio/replay/socket-row.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import { createTableClient } from "../../../lib/state/dynamo/table-client.ts";

/** A session as the table has it; undefined when there is none. Its handshake, with its headers, is not read. */
export type SessionReader = (sid: string) => Promise<ShownSession | undefined>;

export interface ShownSession {
  readonly transport: "websocket" | "polling";
  readonly protocol: number;
  readonly phase: string;
  readonly sockets: readonly ShownSocket[];
}

export interface ShownSocket {
  readonly nsp: string;
  readonly id: string;
  readonly connectedAtMs: number;
  /** Without its own. */
  readonly rooms: readonly string[];
  /** `socket.data`, each value as JSON. */
  readonly data: Readonly<Record<string, string>>;
}

/** Reads the table at `endpoint` of this machine. */
export function createSessionReader(endpoint: string, region: string, tableName: string): SessionReader {
  const env = {
    AWS_REGION: region,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
  const store = createDynamoStore({ client: createTableClient(env), tableName, clock: systemClock });
  return async (sid) => {
    const found = await store.loadSession(toSid(sid), { handshake: false });
    if (found === undefined) return undefined;
    const { session, sockets, joined } = found;
    return {
      transport: session.transport,
      protocol: session.protocol,
      phase: session.phase,
      sockets: sockets.map((socket) => ({
        nsp: socket.nsp,
        id: socket.socketId,
        connectedAtMs: socket.connectedAtMs,
        rooms: joined.filter((one) => one.nsp === socket.nsp).map(({ room }) => room),
        data: storedData(socket),
      })),
    };
  };
}
