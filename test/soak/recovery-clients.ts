import { io, type Socket } from "socket.io-client";
import { pause } from "../support/waiting.ts";

interface Heard {
  readonly number: number;
  readonly attempt: number;
  readonly offset: string;
  readonly isAfterCut: boolean;
}

/** A stock client, with default options, that listens in the hall. */
export class Listener {
  readonly name: string;
  readonly heard: Heard[] = [];
  /** What it was told of itself every time it connected but the first. */
  readonly recoveries: boolean[] = [];
  /** The offset of the last event before the cut. */
  lastBeforeCut = "";
  readonly #socket: Socket;
  #connections = 0;
  #isWelcome = false;

  constructor(url: string, name: string) {
    this.name = name;
    this.#socket = io(url, {
      auth: { name },
      forceNew: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 1_500,
    });
    this.#socket.on("connect", () => {
      this.#connections += 1;
      if (this.#connections > 1) this.recoveries.push(this.#socket.recovered);
    });
    this.#socket.on("welcome", () => (this.#isWelcome = true));
    this.#socket.on("said", (number: number, attempt: number, offset: string) => {
      this.heard.push({ number, attempt, offset, isAfterCut: this.lastBeforeCut !== "" });
    });
  }

  get id(): string {
    return this.#socket.id ?? "";
  }

  /** Whether it is in the hall, on a WebSocket. */
  get isSeated(): boolean {
    return this.#isWelcome && this.#socket.io.engine.transport.name === "websocket";
  }

  /** The events in the order of their first arrival. */
  get numbers(): ReadonlySet<number> {
    return new Set(this.heard.map(({ number }) => number));
  }

  noteCut(): void {
    this.lastBeforeCut = this.heard.at(-1)?.offset ?? "none";
  }

  /** What arrived once more. */
  doubles(): readonly Heard[] {
    const seen = new Set<string>();
    return this.heard.filter(({ offset }) => seen.has(offset) || !seen.add(offset));
  }

  async ask(): Promise<[rooms: string[], data: unknown]> {
    return new Promise((resolve, reject) => {
      this.#socket.timeout(10_000).emit("who", (error: Error | undefined, rooms: string[], data: unknown) => {
        if (error) reject(error);
        else resolve([rooms, data]);
      });
    });
  }

  /** For a failure. */
  describe(): string {
    const { connected, recovered, io: manager } = this.#socket;
    const transport = (manager.engine as typeof manager.engine | undefined)?.transport.name;
    return `${this.numbers.size} (${connected ? "connected" : "away"}, ${transport}, recovered ${recovered})`;
  }

  hangUp(): void {
    this.#socket.disconnect();
  }
}

/** Slow enough that who is away for ten seconds misses fewer than the 200 packets up to which state is recovered. */
const PACE_MS = 75;

/** Says numbers one after the other; one that nobody has acknowledged, because an instance was killed, once more. */
export async function speak(
  url: string,
  count: number,
  onSaid: (number: number) => void,
): Promise<{ readonly repeats: number }> {
  const socket = io(url, {
    auth: { name: "speaker" },
    transports: ["websocket"],
    reconnectionDelay: 200,
    reconnectionDelayMax: 400,
  });
  let repeats = 0;
  for (let number = 1; number <= count; number += 1) {
    for (let attempt = 1; ; attempt += 1) {
      if (await sayOnce(socket, number, attempt)) break;
      repeats += 1;
    }
    onSaid(number);
    await pause(PACE_MS);
  }
  socket.disconnect();
  return { repeats };
}

/** False when the connection ended first. */
function sayOnce(socket: Socket, number: number, attempt: number): Promise<boolean> {
  return new Promise((resolve) => {
    const onEnd = () => resolve(false);
    const send = () => {
      socket.once("disconnect", onEnd);
      socket.emit("say", number, attempt, () => {
        socket.off("disconnect", onEnd);
        resolve(true);
      });
    };
    if (socket.connected) send();
    else socket.once("connect", send);
  });
}
