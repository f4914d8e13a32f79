import { io as connect, type Socket } from "socket.io-client";
import { hashSync } from "bcryptjs";
import { within } from "../support/waiting.ts";

export const credentials = { username: "admin", password: "changeit" };
export const auth = {
  type: "basic",
  username: credentials.username,
  password: hashSync(credentials.password, 4),
} as const;

/** What a page hears, and how it was let in; or the message that it was refused with. */
export interface Page {
  readonly socket: Socket;
  readonly heard: (readonly [event: string, ...args: unknown[]])[];
  /** All of one event so far. */
  all(event: string): (readonly unknown[])[];
  /** Resolves with the arguments of the first event that fits, also of one that has come. */
  hears(event: string, fits?: (...args: never[]) => boolean): Promise<readonly unknown[]>;
}

/** Connects as the official page does. Rejects with what it is refused with. */
export async function openPage(
  url: string,
  shown: Record<string, unknown> = credentials,
  transports: string[] = ["websocket"],
): Promise<Page> {
  const socket = connect(`${url}/admin`, {
    forceNew: true,
    reconnection: false,
    transports,
    auth: shown,
  });
  const heard: (readonly [string, ...unknown[]])[] = [];
  const waiting = new Set<() => void>();
  socket.onAny((event: string, ...args: unknown[]) => {
    heard.push([event, ...args]);
    for (const look of waiting) look();
  });
  const all = (event: string) => heard.filter(([name]) => name === event).map(([, ...args]) => args);
  const hears: Page["hears"] = (event, fits = () => true) => {
    const find = () => all(event).find((args) => fits(...(args as never[])));
    const coming = new Promise<readonly unknown[]>((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
    return within(coming, () => `expected ${event}, heard ${JSON.stringify(heard.map(([name]) => name))}`);
  };
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", (error) => {
      socket.close();
      reject(error);
    });
  });
  return { socket, heard, all, hears };
}
