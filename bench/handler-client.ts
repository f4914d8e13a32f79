import { setTimeout } from "node:timers/promises";
import type { CountingAws } from "./counting-aws.ts";
import {
  alarmEvents,
  authorizeEvent,
  batchEvent,
  createConnectionId,
  sentEvent,
  sentEvents,
  type GatewayLetter,
} from "./gateway-events.ts";

type Handler = (event: unknown, context: unknown) => Promise<unknown>;

export interface Handlers {
  readonly connect: Handler;
  readonly poll: Handler;
  readonly inbox: Handler;
  readonly heartbeat: Handler;
}

const apps = {
  calls: () => import("./apps/calls.ts"),
  exclusive: () => import("./apps/exclusive.ts"),
  recovery: () => import("./apps/recovery.ts"),
  digest: () => import("./apps/digest.ts"),
  rooms: () => import("./apps/rooms.ts"),
  timing: () => import("./apps/timing.ts"),
  live: () => import("./apps/live.ts"),
  admin: () => import("./apps/admin.ts"),
};

/** The real handlers around one of the bench's apps. Imported late: they read the environment when they are made. */
export async function loadHandlers(app: keyof typeof apps = "calls"): Promise<Handlers> {
  const { createHandlers } = await import("nonsticky/lambda");
  const { io } = await apps[app]();
  return createHandlers(io) as unknown as Handlers;
}

const context = { awsRequestId: "bench", functionName: "bench", getRemainingTimeInMillis: () => 29_000 };

/** One client, as far as the handlers can tell. */
export class Client {
  readonly #handlers: Handlers;
  readonly #aws: CountingAws;
  readonly #connectionId = createConnectionId();
  #sid: string | undefined;
  room = "";
  /** Who is in it. */
  members: readonly Client[] = [];
  #answered = 0;

  private constructor(handlers: Handlers, aws: CountingAws) {
    this.#handlers = handlers;
    this.#aws = aws;
  }

  static arrive(handlers: Handlers, aws: CountingAws): Client {
    return new Client(handlers, aws);
  }

  /** A client whose OPEN was posted. */
  static async open(handlers: Handlers, aws: CountingAws): Promise<Client> {
    const client = new Client(handlers, aws);
    await client.authorize();
    await client.letter({ type: "CONNECT" });
    client.#expectFrame("0{");
    return client;
  }

  async authorize(): Promise<void> {
    const answer = (await this.#handlers.connect(authorizeEvent(this.#connectionId), context)) as {
      context?: { sid?: string };
    };
    this.#sid = answer.context?.sid;
    if (this.#sid === undefined)
      throw new Error(`expected the authorizer to give a sid, got ${JSON.stringify(answer)}`);
  }

  /** In the main namespace. */
  async connect(): Promise<this> {
    await this.frame("40");
    this.#expectFrame("40{");
    return this;
  }

  frame(frame: string): Promise<void> {
    return this.letter({ type: "MESSAGE", frame });
  }

  frames(frames: readonly string[]): Promise<void> {
    return this.#receive(
      batchEvent(frames.map((frame) => [this.#connection, { type: "MESSAGE", frame }] as const)),
    );
  }

  /** Answers the next question, as soon as it is asked. */
  async answer(): Promise<void> {
    for (;;) {
      const frames = (this.#aws.frames.get(this.#connectionId) ?? []).slice(this.#answered);
      for (const frame of frames) {
        this.#answered += 1;
        const id = /^42(\d+)\[/.exec(frame)?.[1];
        if (id !== undefined) return this.frame(`43${id}["ok"]`);
      }
      await setTimeout(1);
    }
  }

  /** Every frame that was posted to it. */
  get heard(): readonly string[] {
    return this.#aws.frames.get(this.#connectionId) ?? [];
  }

  letter(letter: GatewayLetter): Promise<void> {
    return this.#receive(batchEvent([[this.#connection, letter]]));
  }

  /** Lets the inbox have what the handlers send to the queue, as soon as there is something. */
  async takeNextSent(): Promise<void> {
    while (this.#aws.sent.length === 0) await setTimeout(1);
    await this.takeSent();
  }

  /** Lets the inbox have what the handlers sent to the queue meanwhile. */
  async takeSent(): Promise<void> {
    for (const body of this.#aws.sent.splice(0)) {
      const isAlarm = body.startsWith('{"kind":"alarm"');
      await this.#receive(isAlarm ? alarmEvents([body]) : sentEvent(body, this.#connection.sid));
    }
  }

  /** The same of timers, in one batch: alarms, or letters. */
  async takeTogether(): Promise<void> {
    const bodies = this.#aws.sent.splice(0);
    const areAlarms = bodies.every((body) => body.startsWith('{"kind":"alarm"'));
    await this.#receive(areAlarms ? alarmEvents(bodies) : sentEvents(bodies, this.#connection.sid));
  }

  get #connection(): { connectionId: string; sid: string } {
    return { connectionId: this.#connectionId, sid: this.#sid ?? "" };
  }

  async #receive(event: unknown): Promise<void> {
    const answer = (await this.#handlers.inbox(event, context)) as
      { batchItemFailures?: unknown[] } | undefined;
    if ((answer?.batchItemFailures ?? []).length > 0) {
      throw new Error(`expected the batch to succeed, got ${JSON.stringify(answer)}`);
    }
  }

  #expectFrame(prefix: string): void {
    const frames = this.#aws.frames.get(this.#connectionId) ?? [];
    if (frames.some((frame) => frame.startsWith(prefix))) return;
    throw new Error(`expected a frame ${prefix}…, got ${JSON.stringify(frames)}`);
  }
}
