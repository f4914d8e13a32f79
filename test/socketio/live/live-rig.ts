import "../../../lib/live.ts";
import type { Server } from "../../../lib/socketio/server.ts";
import type { Callback } from "../../support/asking.ts";
import { Rig, type Client, type RigOptions } from "../../support/rig.ts";

/** What an app keeps: variables of a module, declared where it is loaded. */
export type Declare<State> = (io: Server) => State;
/** What one event does with them; what it returns is acknowledged. */
export type Act<State> = (state: State, arg: never) => unknown;

/** Each event runs one of the acts, on whichever instance is next, and acknowledges what came of it. */
export function createLiveRig<State>(
  declare: Declare<State>,
  acts: Readonly<Record<string, Act<State>>>,
  options: RigOptions = {},
): Rig {
  return new Rig(
    (io: Server) => {
      const state = declare(io);
      io.on("connection", (socket) => {
        for (const [name, act] of Object.entries(acts)) {
          socket.on(name, async (arg: never, done: Callback) => {
            try {
              done(await act(state, arg));
            } catch (error) {
              done((error as { code?: string }).code ?? String(error));
            }
          });
        }
      });
    },
    { instances: 3, ...options },
  );
}

export async function ask(client: Client, event: string, arg: unknown = null): Promise<unknown> {
  void client.received;
  await client.send(`421${JSON.stringify([event, arg])}`);
  const ack = client.received.find((frame) => frame.startsWith("431"));
  if (ack === undefined) throw new Error(`expected an answer to ${event}, got none`);
  return (JSON.parse(ack.slice(3)) as unknown[])[0];
}
