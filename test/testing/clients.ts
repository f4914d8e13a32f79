import { io as connect, type ManagerOptions, type Socket, type SocketOptions } from "socket.io-client";

/** Stock clients that are closed after each test. */
export class Clients {
  readonly #sockets: Socket[] = [];

  connect(url: string, options: Partial<ManagerOptions & SocketOptions> = {}): Socket {
    const socket = connect(url, { forceNew: true, reconnection: false, timeout: 5_000, ...options });
    this.#sockets.push(socket);
    return socket;
  }

  closeAll(): void {
    for (const socket of this.#sockets.splice(0)) socket.close();
  }
}

/** The arguments of the next event of that name. */
export const next = (socket: Listened, event: string): Promise<unknown[]> =>
  new Promise((resolve) => socket.once(event, (...args: unknown[]) => resolve(args)));

interface Listened {
  once(event: string, listener: (...args: unknown[]) => void): unknown;
}
