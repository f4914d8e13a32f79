import { currentContext } from "../../engine/turn.ts";
import type { CoreError } from "../../engine/errors.ts";
import { DataBudget, toDataBytes } from "./data-budget.ts";
import { SocketData } from "./socket-data.ts";

/**
 * `socket.handshake` with what handlers have written into it: members that have changed lie in the row of the socket,
 * beside `socket.data` and under its rules. What nobody has written to is not looked at.
 */
export class KeptHandshake {
  readonly #values: SocketData;
  #isWritten = false;

  /** `shown`: as the client showed it. `stored`: JSON of the members that differ from it. */
  constructor(
    shown: object,
    stored: Readonly<Record<string, string>>,
    onUnstorable: (error: CoreError) => void,
    budget: DataBudget,
  ) {
    const base = Object.fromEntries(
      Object.entries(shown).map(([name, value]) => [name, JSON.stringify(value)]),
    );
    const isInert = () => {
      const isReplaying = currentContext()?.mode === "replay";
      this.#isWritten ||= !isReplaying;
      return isReplaying;
    };
    const beyond = new BudgetBeyond(budget, toDataBytes(Object.entries(base)));
    this.#values = new SocketData({ ...base, ...stored }, isInert, onUnstorable, "socket.handshake", beyond);
  }

  get view(): object {
    return this.#values.view;
  }

  changes(): ReturnType<SocketData["changes"]> {
    return this.#isWritten ? this.#values.changes() : undefined;
  }

  markStored(changes: Parameters<SocketData["markStored"]>[0]): void {
    this.#values.markStored(changes);
  }
}

/** What the client has shown is not in the row of its socket. */
class BudgetBeyond extends DataBudget {
  readonly #budget: DataBudget;
  readonly #freeBytes: number;

  constructor(budget: DataBudget, freeBytes: number) {
    super();
    this.#budget = budget;
    this.#freeBytes = freeBytes;
  }

  override set(owner: object, bytes: number): void {
    this.#budget.set(owner, Math.max(0, bytes - this.#freeBytes));
  }

  override totalWith(owner: object, bytes: number): number {
    return this.#budget.totalWith(owner, Math.max(0, bytes - this.#freeBytes));
  }
}
