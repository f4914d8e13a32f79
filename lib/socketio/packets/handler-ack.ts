import { settlesWithin } from "../../clock.ts";
import type { PacketPorts } from "./packet-ports.ts";

/**
 * An answer that the app gives by calling a function. The first call counts. It may be called by a callback that no
 * promise tells of, so it is given a moment after the handlers.
 */
export class HandlerAck {
  #isSent = false;
  #onSent: () => void = () => undefined;

  get isSent(): boolean {
    return this.#isSent;
  }

  markSent(): void {
    this.#isSent = true;
    this.#onSent();
  }

  async waitFor({ runtime, ackWaitMs }: PacketPorts, handlers: readonly Promise<void>[]): Promise<void> {
    await Promise.all(handlers);
    if (this.#isSent) return;
    const sent = new Promise<void>((resolve) => (this.#onSent = resolve));
    await settlesWithin(runtime.clock, sent, ackWaitMs);
  }
}
