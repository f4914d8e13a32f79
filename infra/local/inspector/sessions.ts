import { toSid } from "../../../lib/ids.ts";
import { storedData } from "../../../lib/socketio/replay/socket-row.ts";
import type { Store } from "../../../lib/state/store.ts";

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

/** Reads the table at `endpoint` of this machine. The SDK is loaded with the first session that is asked for. */
export function createSessionReader(endpoint: string, region: string, tableName: string): SessionReader {
  let opened: Promise<Pick<Store, "loadSession">> | undefined;
  return async (sid) => {
    const store = await (opened ??= open(endpoint, region, tableName));
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

async function open(
  endpoint: string,
  region: string,
  tableName: string,
): Promise<Pick<Store, "loadSession">> {
  const [{ createDocumentClient }, { createSdkTableClient }, { createDynamoStore }, { systemClock }] =
    await Promise.all([
      import("../../../lib/state/dynamo/document-client.ts"),
      import("../../../lib/state/dynamo/sdk-table-client.ts"),
      import("../../../lib/state/dynamo/dynamo-store.ts"),
      import("../../../lib/clock.ts"),
    ]);
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = createSdkTableClient(createDocumentClient({}, { endpoint, region, credentials }));
  return createDynamoStore({ client, tableName, clock: systemClock });
}
