import { request, type ClientRequest } from "node:http";
import type { Inbox } from "../support/inbox.ts";
import { eventually, pause } from "../support/waiting.ts";
import { httpSettings } from "./http-settings.ts";
import { HttpSocket } from "./http-socket.ts";

/** A request; the query is added to `EIO=4&transport=polling`, where undefined removes a key. */
export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Answer headers to be noted. */
  readonly shows?: readonly string[];
}

/** A request that waits for its answer. */
export interface Waiting {
  readonly sent: Promise<Answer>;
  /** Notes the answer. */
  answer(): Promise<void>;
  /** Hangs up without one. */
  abort(): void;
}

export interface StageOptions {
  readonly url: string;
  /** Names this client to the watchers. */
  readonly key: string;
  /** Whether the server knows of a GET of this session that waits. */
  readonly isParked: (sid: string) => Promise<boolean>;
  readonly settled: () => Promise<void>;
  readonly left: Inbox<{ readonly row: string; readonly reason: string }>;
}

/** One client of a row: plays requests and frames, and notes what comes back, each answer a line. */
export class Stage {
  readonly seen: string[] = [];
  readonly #options: StageOptions;
  readonly #sockets: HttpSocket[] = [];
  #sid = "";

  constructor(options: StageOptions) {
    this.#options = options;
  }

  /** Opens a session; nothing is noted. */
  async open(): Promise<this> {
    const { body } = await this.#send({}).answer;
    this.#sid = /"sid":"([^"]+)"/.exec(body)?.[1] ?? "";
    return this;
  }

  /** A session with a socket in the main namespace. */
  async connect(): Promise<this> {
    await this.open();
    await this.#send(this.#own({ body: `40{"row":"${this.#options.key}"}` })).answer;
    await this.#send(this.#own({})).answer;
    return this;
  }

  /** Any request, and its answer. */
  async ask(given: Ask = {}): Promise<void> {
    this.#note(await this.#send(given).answer);
  }

  get(query: Readonly<Record<string, string>> = {}): Promise<void> {
    return this.ask(this.#own({ query }));
  }

  post(body: string, type = "text/plain;charset=UTF-8"): Promise<void> {
    return this.ask(this.#own({ body, headers: { "content-type": type } }));
  }

  /** Some other method, with this session's id. */
  method(method: string): Promise<void> {
    return this.ask(this.#own({ method }));
  }

  /** A GET that the server holds. */
  async park(): Promise<Waiting> {
    const sent = this.#send(this.#own({}));
    await eventually(
      () => this.#options.isParked(this.#sid),
      () => `expected a GET to be held`,
    );
    return {
      sent: sent.answer,
      answer: async () => this.#note(await sent.answer),
      abort: () => void sent.request.destroy(),
    };
  }

  /** A POST that the server knows of; its body follows when its answer is asked for. */
  async slowPost(body: string): Promise<Waiting> {
    const headers = { "content-length": String(body.length), expect: "100-continue" };
    const sent = this.#send(this.#own({ method: "POST", headers }), false);
    sent.request.flushHeaders();
    await new Promise<void>((resolve) => sent.request.on("continue", resolve));
    const answer = async (): Promise<void> => {
      sent.request.end(body);
      this.#note(await sent.answer);
    };
    return { sent: sent.answer, answer, abort: () => void sent.request.destroy() };
  }

  /** Notes the packets that are left to fetch, noops aside: how many GETs they take is a matter of time. */
  async farewell(...parked: readonly Waiting[]): Promise<void> {
    const packets: string[] = [];
    const first = parked.map(({ sent }) => sent);
    for (;;) {
      const answer = await (first.shift() ?? this.#send(this.#own({})).answer);
      if (answer.status !== 200) {
        this.seen.push(packets.filter((packet) => packet !== "6").join(" "));
        return this.#note(answer);
      }
      packets.push(...answer.body.split("\x1e"));
    }
  }

  /** A WebSocket for this session, or for what the query says. */
  socket(query: Readonly<Record<string, string>> = {}): HttpSocket {
    const sid: Record<string, string> = this.#sid === "" ? {} : { sid: this.#sid };
    const socket = new HttpSocket(this.#options.url, { ...sid, ...query });
    this.#sockets.push(socket);
    return socket;
  }

  /** One that has opened and said `2probe`, if need be with more behind it, and whose answer is noted. */
  async probe(...behind: readonly string[]): Promise<HttpSocket> {
    const socket = await this.socket().opened();
    socket.send("2probe", ...behind);
    await this.frames(socket, 1);
    return socket;
  }

  /** Notes frames as they come. */
  async frames(socket: HttpSocket, count: number): Promise<void> {
    for (let n = 0; n < count; n++) this.seen.push(mask(await socket.frame()));
  }

  /** Notes how a WebSocket was refused or closed. */
  async end(socket: HttpSocket): Promise<void> {
    this.seen.push(await socket.ended());
  }

  /** Notes what comes first: a frame, or how the WebSocket was closed. */
  async frameOrEnd(socket: HttpSocket): Promise<void> {
    this.seen.push(mask(await Promise.race([socket.frame(), socket.ended()])));
  }

  /** Lets the time go by that a WebSocket has for an upgrade: nobody can say when it is over but the clock. */
  outlastUpgrade(): Promise<void> {
    return pause(httpSettings.upgradeTimeout + 200);
  }

  /** Notes why the socket left. */
  async reason(): Promise<void> {
    const { reason } = await this.#options.left.take(
      ({ row }) => row === this.#options.key,
      () => `expected the socket to leave, got ${JSON.stringify(this.seen)}`,
    );
    this.seen.push(reason);
  }

  /** Waits until what the app has done is done: the official server is at once, and one whose handlers go on is not. */
  settled(): Promise<void> {
    return this.#options.settled();
  }

  hangUp(): void {
    for (const socket of this.#sockets) socket.hangUp();
  }

  #own(given: Ask): Ask {
    return { ...given, query: { sid: this.#sid, ...given.query } };
  }

  #note({ status, body, type, shown }: Answer): void {
    this.seen.push(mask([status, type ?? "-", ...shown, body].join(" ").trim()));
  }

  #send(given: Ask, ends = true): { readonly request: ClientRequest; readonly answer: Promise<Answer> } {
    const query = Object.entries({ EIO: "4", transport: "polling", ...given.query })
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${encodeURIComponent(value ?? "")}`)
      .join("&");
    const method = given.method ?? (given.body === undefined ? "GET" : "POST");
    const sent = request(`${this.#options.url}${given.path ?? "/socket.io/"}?${query}`, {
      method,
      agent: false,
      headers: {
        ...(given.body === undefined ? {} : { "content-type": "text/plain;charset=UTF-8" }),
        ...given.headers,
      },
    });
    const answer = readAnswer(sent, given.shows ?? []);
    if (ends) sent.end(given.body);
    return { request: sent, answer };
  }
}

interface Answer {
  readonly status: number | string;
  readonly type?: string | undefined;
  readonly shown: readonly string[];
  readonly body: string;
}

/** Resolves in any case: a connection that was reset is an answer, too. */
const readAnswer = (sent: ClientRequest, shows: readonly string[]): Promise<Answer> =>
  new Promise((resolve) => {
    const reset = (): void => resolve({ status: "reset", shown: [], body: "" });
    sent.on("error", reset);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reset);
      response.on("end", () => {
        const { statusCode = 0, headers } = response;
        const shown = shows.map((name) => `${name}=${String(headers[name])}`);
        const body = Buffer.concat(chunks).toString("utf8");
        resolve({ status: statusCode, type: headers["content-type"], shown, body });
      });
    });
  });

const mask = (text: string): string =>
  text.replaceAll(/"sid":"[^"]+"/g, '"sid":"*"').replaceAll(/\bio=[\w-]{20}/g, "io=*");
