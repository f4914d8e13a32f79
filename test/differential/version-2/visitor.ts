import type { Version2Socket } from "socket.io-client-v2";
import { Inbox } from "../../support/inbox.ts";
import { render } from "../transcript.ts";

const EVENTS = ["connect", "disconnect", "error", "welcome", "told", "everyone", "me"];

/** A socket of Socket.IO 2, and what it sees, in order. */
export class Visitor {
  readonly socket: Version2Socket;
  readonly #lines: string[] = [];
  readonly #inbox = new Inbox<string>();

  constructor(socket: Version2Socket) {
    this.socket = socket;
    for (const event of EVENTS) {
      socket.on(event, (...args) => {
        this.#lines.push(`${event} ${render(args)}`);
        this.#inbox.push(event);
      });
    }
  }

  async sees(event: string): Promise<this> {
    await this.#inbox.take(
      (one) => one === event,
      () => `expected ${event}, got ${JSON.stringify(this.#lines)}`,
    );
    return this;
  }

  async ask(...args: readonly unknown[]): Promise<void> {
    this.socket.emit("ask", ...args, (...answer: unknown[]) => {
      this.#lines.push(`answer ${render(answer)}`);
      this.#inbox.push("answer");
    });
    await this.sees("answer");
  }

  /** Its session's id is another one in each run. */
  linesWithout(sid: string): readonly string[] {
    return this.#lines.map((line) => line.replaceAll(sid, "<sid>"));
  }
}
