import { verificationNamespace } from "../../lib/verify.ts";
import type { Frame, Wire } from "./wire.ts";

/** A client in the verification's namespace, over a `Wire`. */
export class Peer {
  readonly wire: Wire;
  /** Its id in the namespace. */
  readonly id: string;
  #nextAckId = 0;

  constructor(wire: Wire, id: string) {
    this.wire = wire;
    this.id = id;
  }

  emit(event: string, ...args: readonly unknown[]): void {
    this.wire.send(encode("", [event, ...args]));
  }

  /** Emits, and resolves with what the handler acknowledges with. */
  async ask(event: string, ...args: readonly unknown[]): Promise<unknown> {
    return (await this.askFor(undefined, event, ...args)).value;
  }

  /** The same, with the time at which the answer came; `patienceMs` other than usual. */
  async askFor(
    patienceMs: number | undefined,
    event: string,
    ...args: readonly unknown[]
  ): Promise<{ readonly value: unknown; readonly atMs: number }> {
    const id = this.#nextAckId;
    this.#nextAckId += 1;
    const prefix = `43${verificationNamespace},${id}[`;
    this.wire.send(encode(id, [event, ...args]));
    const { text, atMs } = await this.wire.next(prefix, patienceMs);
    const [value] = JSON.parse(text.slice(prefix.length - 1)) as unknown[];
    return { value, atMs };
  }

  /** The arguments of the next untaken event of that name. */
  async event(name: string, patienceMs?: number): Promise<readonly unknown[]> {
    const frame = await this.wire.next(({ text }) => readEvent(text)?.name === name, patienceMs);
    return readEvent(frame.text)?.args ?? [];
  }

  /** The next event that asks for an answer, and the way to give it. */
  async question(name: string): Promise<(...args: readonly unknown[]) => void> {
    const { text } = await this.wire.next((frame) => readEvent(frame.text)?.name === name);
    const id = readEvent(text)?.id ?? "";
    return (...args) => this.wire.send(`43${verificationNamespace},${id}${JSON.stringify(args)}`);
  }

  /** Of the frames so far, the arguments of the events of that name. */
  seen(name: string): { readonly args: readonly unknown[]; readonly frame: Frame }[] {
    return this.wire.frames.flatMap((frame) => {
      const event = readEvent(frame.text);
      return event?.name === name ? [{ args: event.args, frame }] : [];
    });
  }
}

const encode = (ackId: number | "", content: readonly unknown[]): string =>
  `42${verificationNamespace},${ackId}${JSON.stringify(content)}`;

function readEvent(
  text: string,
): { readonly name: string; readonly args: readonly unknown[]; readonly id: string } | undefined {
  const [, id = "", json] = /^42\/nonsticky-verify,(\d*)(\[.*)$/s.exec(text) ?? [];
  if (json === undefined) return undefined;
  const [name, ...args] = JSON.parse(json) as [string, ...unknown[]];
  return { name, args, id };
}
