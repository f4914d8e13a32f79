import type { Socket } from "socket.io-client";
import { Inbox } from "../support/inbox.ts";
import { render, type Transcript } from "./transcript.ts";

type Happening =
  | { readonly kind: "event"; readonly name: string; readonly args: readonly unknown[] }
  | { readonly kind: "connect" | "refused" | "lost"; readonly args: readonly unknown[] };

/** A stock client in a scenario: everything it sees goes into its lane, and can be waited for. */
export class Participant {
  readonly socket: Socket;
  readonly #transcript: Transcript;
  readonly #lane: string;
  readonly #inbox = new Inbox<Happening>();

  constructor(transcript: Transcript, lane: string, socket: Socket) {
    this.#transcript = transcript;
    this.#lane = lane;
    this.socket = socket;
    socket.on("connect", () => {
      transcript.name(socket.id, lane);
      this.#happened({ kind: "connect", args: [socket.recovered] });
    });
    socket.on("connect_error", (error: Error & { data?: unknown }) =>
      this.#happened({ kind: "refused", args: [error.message, error.data, socket.active] }),
    );
    socket.on("disconnect", (reason) => this.#happened({ kind: "lost", args: [reason, socket.active] }));
    socket.onAny((name: string, ...args: unknown[]) => {
      const acknowledge = args.at(-1);
      const shown = typeof acknowledge === "function" ? args.slice(0, -1) : args;
      this.#happened({ kind: "event", name, args: shown });
    });
  }

  /** Sends, without waiting for anything. */
  tell(event: string, ...args: readonly unknown[]): this {
    this.socket.emit(event, ...args);
    return this;
  }

  /** Sends, and notes the acknowledgement when it comes. */
  async ask(event: string, ...args: readonly unknown[]): Promise<readonly unknown[]> {
    const answers = new Inbox<readonly unknown[]>();
    this.socket.emit(event, ...args, (...answer: unknown[]) => {
      this.#transcript.note(this.#lane, "ack", event, render(answer));
      answers.push(answer);
    });
    return answers.take(
      () => true,
      () => `expected ${this.#lane}'s ${event} to be acknowledged, got ${this.#seen()}`,
    );
  }

  /** The arguments of the next event of this name that nobody waited for yet. */
  async hears(name: string): Promise<readonly unknown[]> {
    const happening = await this.#next(
      (one) => one.kind === "event" && one.name === name,
      `the event ${name}`,
    );
    return happening.args;
  }

  async connects(): Promise<this> {
    await this.#next((one) => one.kind === "connect", "a connection");
    return this;
  }

  async isRefused(): Promise<void> {
    await this.#next((one) => one.kind === "refused", "a connect_error");
  }

  async isLost(): Promise<void> {
    await this.#next((one) => one.kind === "lost", "a disconnect");
  }

  get id(): string {
    return this.socket.id ?? "none";
  }

  #next(matches: (happening: Happening) => boolean, wanted: string): Promise<Happening> {
    return this.#inbox.take(matches, () => `expected ${this.#lane} to see ${wanted}, got ${this.#seen()}`);
  }

  #happened(happening: Happening): void {
    const what = happening.kind === "event" ? ["hears", happening.name] : [happening.kind];
    this.#transcript.note(this.#lane, ...what, render(happening.args));
    this.#inbox.push(happening);
  }

  #seen(): string {
    return JSON.stringify(this.#transcript.toLanes(), null, 1);
  }
}
