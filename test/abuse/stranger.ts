import { request, type OutgoingHttpHeaders } from "node:http";
import { connect, type Socket } from "node:net";
import { WebSocket } from "ws";

/** How long a stranger waits for anything before it does something else. */
const PATIENCE_MS = 4_000;
/** And for what is sure to come, if it ever does. */
const LONG_PATIENCE_MS = 20_000;

/** What one hostile session may use, and where it notes what it was promised. */
export interface Stranger {
  readonly url: string;
  readonly name: string;
  readonly random: () => number;
  /** How many it has had so far. */
  lines: number;
  /** Packets whose acknowledgement came: their handlers must have run. */
  readonly acknowledged: string[];
}

export const pick = <T>({ random }: Stranger, choices: readonly T[]): T =>
  choices[Math.floor(random() * choices.length)] as T;

export const wholeTo = ({ random }: Stranger, most: number): number => Math.floor(random() * (most + 1));

/** A WebSocket that says anything, and expects nothing. */
export class Line {
  readonly socket: WebSocket;
  readonly #stranger: Stranger;
  readonly #name: string;
  readonly #waiting = new Set<() => void>();
  readonly frames: string[] = [];
  #packets = 0;
  isOver = false;

  constructor(stranger: Stranger, query: Readonly<Record<string, string>> = {}) {
    this.#stranger = stranger;
    this.#name = `${stranger.name}/${stranger.lines++}`;
    const wanted = new URLSearchParams({ EIO: "4", transport: "websocket", ...query });
    this.socket = new WebSocket(`${stranger.url.replace(/^http/, "ws")}/socket.io/?${wanted}`, {
      perMessageDeflate: false,
    });
    this.socket.on("error", () => undefined);
    this.socket.on("close", () => {
      this.isOver = true;
      this.#wake();
    });
    this.socket.on("message", (data: Buffer) => {
      const frame = data.toString("utf8");
      this.frames.push(frame);
      if (frame === "2") this.send("3");
      const [, id] = /^43(\d+)\[/.exec(frame) ?? [];
      if (id !== undefined) this.#stranger.acknowledged.push(this.#nameOf(Number(id)));
      this.#wake();
    });
  }

  send(...frames: readonly (string | Buffer)[]): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    for (const frame of frames) this.socket.send(frame);
  }

  /** An event whose handler reports it. With an id it is acknowledged. */
  say(): void {
    const id = this.#packets++;
    this.send(`42${id}["say",${JSON.stringify({ sender: this.#stranger.name, packet: this.#nameOf(id) })}]`);
  }

  /** Resolves, whatever has come of it, when so many frames have come that begin so, or none will. */
  heard(prefix: string, times = 1): Promise<boolean> {
    const has = () => this.frames.filter((frame) => frame.startsWith(prefix)).length >= times;
    return this.#until(has, prefix.startsWith("43") ? LONG_PATIENCE_MS : PATIENCE_MS);
  }

  closed(): Promise<boolean> {
    return this.#until(() => this.isOver, PATIENCE_MS);
  }

  breakOff(): void {
    this.socket.terminate();
  }

  #nameOf(id: number): string {
    return `${this.#name}/${id}`;
  }

  #until(holds: () => boolean, patienceMs: number): Promise<boolean> {
    if (holds() || this.isOver) return Promise.resolve(holds());
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(holds());
      };
      const look = () => {
        if (holds() || this.isOver) end();
      };
      const timer = setTimeout(end, patienceMs);
      this.#waiting.add(look);
    });
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}

/** In, and in its own room, as an honest client would be. */
export async function enterLine(stranger: Stranger): Promise<Line> {
  const line = new Line(stranger);
  await line.heard("0");
  line.send(`40{"room":"lair ${wholeTo(stranger, 9)}"}`);
  await line.heard("40");
  return line;
}

interface Asked {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string | Buffer;
  /** Breaks off after so many milliseconds. */
  readonly abortAfterMs?: number;
}

/** One request, and its answer's status and text; undefined where none came. */
export function ask(
  { url }: Stranger,
  { method, query = {}, headers = {}, body, abortAfterMs = PATIENCE_MS }: Asked,
): Promise<{ readonly status: number; readonly body: string } | undefined> {
  const wanted = new URLSearchParams({ EIO: "4", transport: "polling", ...query });
  return new Promise((resolve) => {
    const asked = request(
      `${url}/socket.io/?${wanted}`,
      { method: method ?? (body === undefined ? "GET" : "POST"), headers, agent: false },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.on("error", () => resolve(undefined));
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString() }),
        );
      },
    );
    const timer = setTimeout(() => asked.destroy(), abortAfterMs);
    asked.on("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    asked.on("error", () => resolve(undefined));
    asked.end(body);
  });
}

/** A polling session, opened; undefined where that was refused. */
export async function openPolling(stranger: Stranger): Promise<string | undefined> {
  const answer = await ask(stranger, {});
  return /^0\{"sid":"([^"]+)"/.exec(answer?.body ?? "")?.[1];
}

/** Bytes on a connection of one's own, as slowly as one likes. */
export async function dial({ url }: Stranger): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await new Promise<void>((resolve) => {
    socket.once("connect", resolve);
    socket.once("close", () => resolve());
  });
  return socket;
}
