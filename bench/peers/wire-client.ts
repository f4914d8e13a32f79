import { once } from "node:events";
import { WebSocket } from "ws";

/**
 * A client over a WebSocket that does as little as it can: one that parses would be what is measured. Waits for what it
 * asks; a connection that ends unasked is an error.
 */
export class WireClient {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, () => void>();
  #acks = 0;
  #onTold: (packet: string) => void = () => undefined;
  #onOpen: () => void = () => undefined;

  private constructor(url: string) {
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    this.#socket.on("message", (data: Buffer) => this.#onPacket(data.toString("latin1")));
  }

  static async connect(url: string): Promise<WireClient> {
    const client = new WireClient(url);
    const opened = new Promise<void>((resolve) => (client.#onOpen = resolve));
    await once(client.#socket, "open");
    client.#socket.send("40");
    await opened;
    return client;
  }

  /** Resolves when it is acknowledged. */
  ask(event: string, ...args: readonly unknown[]): Promise<void> {
    const id = this.#acks++;
    const answered = new Promise<void>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(`42${id}${JSON.stringify([event, ...args])}`);
    return answered;
  }

  tell(event: string, ...args: readonly unknown[]): void {
    this.#socket.send(`42${JSON.stringify([event, ...args])}`);
  }

  onTold(listener: (packet: string) => void): void {
    this.#onTold = listener;
  }

  async close(): Promise<void> {
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #onPacket(packet: string): void {
    if (packet.startsWith("42")) return this.#onTold(packet);
    if (packet === "2") return this.#socket.send("3");
    if (packet.startsWith("40")) return this.#onOpen();
    const [, id] = /^43(\d+)/.exec(packet) ?? [];
    if (id === undefined) return;
    this.#answers.get(Number(id))?.();
    this.#answers.delete(Number(id));
  }
}
