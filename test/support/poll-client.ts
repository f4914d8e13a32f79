import type { PollRequest, PollResponse } from "../../lib/engine/polling/http.ts";
import { poll } from "../../lib/engine/polling/polling.ts";
import { protocolOf, toSid, type Sid } from "../../lib/ids.ts";
import type { Client, Rig } from "./rig.ts";

/** What a test says of a request; the rest is as a stock client has it. */
export interface Request {
  readonly method?: string;
  readonly path?: string;
  /** Added to `EIO=4&transport=polling`; undefined removes a key. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** With one it is a POST, without a GET, unless `method` says otherwise. */
  readonly body?: string | Buffer;
}

const turns = new WeakMap<Rig, number>();

/** One HTTP request. Requests go to the instances in turn, so two in a row never meet on one unless there is just one. */
export function request(
  rig: Rig,
  { method, path, query, headers, body }: Request = {},
): Promise<PollResponse> {
  const turn = turns.get(rig) ?? 0;
  turns.set(rig, turn + 1);
  const { runtime, app } = rig.instances[turn % rig.instances.length]!;
  const wanted = Object.entries({ EIO: "4", transport: "polling", ...query });
  const given: PollRequest = {
    method: method ?? (body === undefined ? "GET" : "POST"),
    path: path ?? "/",
    query: Object.fromEntries(wanted.filter((entry): entry is [string, string] => entry[1] !== undefined)),
    headers: { ...headers },
    body: Buffer.from(body ?? ""),
    address: "192.0.2.7",
    secure: false,
  };
  return poll(runtime, app, given);
}

/** A GET on its way. */
export interface Parked {
  readonly answer: Promise<PollResponse>;
  /** Whether it has been answered by now. */
  readonly isAnswered: boolean;
  /** How many times it has looked into the outbox, the look at its arrival not counted. */
  readonly looks: number;
}

/** One client that polls. */
export class PollClient {
  readonly sid: Sid;
  readonly #rig: Rig;

  constructor(rig: Rig, sid: Sid) {
    this.#rig = rig;
    this.sid = sid;
  }

  /** A session that has been opened. */
  static async open(rig: Rig, given: Request = {}): Promise<PollClient> {
    const { status, body } = await request(rig, given);
    const sid = /^0\{"sid":"([^"]{20})"/.exec(body.toString())?.[1];
    if (sid === undefined) throw new Error(`expected OPEN, got ${status} ${body.toString()}`);
    await rig.settle();
    return new PollClient(rig, toSid(sid));
  }

  /** A session with a socket, of an age at which GETs are held for their full time. */
  static async connect(rig: Rig, nsp = "/"): Promise<PollClient> {
    const client = await PollClient.open(rig);
    await client.join(nsp);
    await rig.advance(10_000);
    return client;
  }

  /** Joins a namespace; resolves with the id of its socket. */
  async join(nsp = "/"): Promise<string> {
    await this.post(nsp === "/" ? "40" : `40${nsp},`);
    await this.#rig.settle();
    const body = await this.fetch();
    const socketId = /40(?:\/[^{]*)?\{"sid":"([^"]{20})"\}/.exec(body)?.[1];
    if (socketId === undefined) throw new Error(`expected to be connected, got ${body}`);
    return socketId;
  }

  get(given: Request = {}): Promise<PollResponse> {
    return request(this.#rig, { ...given, query: { ...this.#own, ...given.query } });
  }

  post(body: string | Buffer, given: Request = {}): Promise<PollResponse> {
    return request(this.#rig, { ...given, body, query: { ...this.#own, ...given.query } });
  }

  /** Posts, and lets everything come to rest that needs no time. */
  async send(...frames: string[]): Promise<void> {
    const { status, body } = await this.post(frames.join("\x1e"));
    if (status !== 200) throw new Error(`expected the POST to be accepted, got ${status} ${body.toString()}`);
    await this.#rig.settle();
  }

  /** The body of a GET that finds something. */
  async fetch(): Promise<string> {
    const parked = await this.park();
    if (!parked.isAnswered) throw new Error("expected something to be there, got a GET that waits");
    return (await parked.answer).body.toString();
  }

  /** A GET that has looked once, and waits or is answered. */
  async park(): Promise<Parked> {
    const before = countLooks(this.#rig);
    let isAnswered = false;
    const answer = this.get();
    const done = () => (isAnswered = true);
    answer.then(done, done);
    await this.#rig.settle();
    const rig = this.#rig;
    return {
      answer,
      get isAnswered() {
        return isAnswered;
      },
      get looks() {
        return countLooks(rig) - before;
      },
    };
  }

  /** What of the query names this session. */
  get #own(): Record<string, string> {
    return { sid: this.sid, EIO: String(protocolOf(this.sid)) };
  }

  /** A WebSocket that has opened for this session and said nothing yet. */
  async probe(): Promise<Client> {
    const client = await this.#rig.admit(this.#own);
    await this.#rig.settle();
    return client;
  }

  /** On a WebSocket from here on, with the frames of the upgrade put aside. */
  async upgrade(): Promise<Client> {
    const client = await this.probe();
    await client.send("2probe", "5");
    void client.received;
    return client;
  }
}

const countLooks = ({ instances }: Rig): number =>
  instances.flatMap(({ life }) => life.calls).filter((call) => call === "store.readOutbox").length;

/** Rows that say a client is here. All others of a session only expire. */
export function liveRows({ store }: Rig): Record<string, number> {
  const { outboxes, beats, roomMembers, namespaceMembers } = store.countRows();
  return { outboxes, beats, roomMembers, namespaceMembers };
}

export const noRows = { outboxes: 0, beats: 0, roomMembers: 0, namespaceMembers: 0 };
