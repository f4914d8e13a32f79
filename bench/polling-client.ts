import type { CountingAws } from "./counting-aws.ts";
import { authorizeEvent, batchEvent, createConnectionId, pollEvent, sentEvent } from "./gateway-events.ts";
import type { Handlers } from "./handler-client.ts";

const context = { awsRequestId: "bench", functionName: "bench", getRemainingTimeInMillis: () => 29_000 };

/** What the handlers need of the world while a client polls. */
export interface PollingWorld {
  readonly handlers: Handlers;
  readonly aws: CountingAws;
}

/** Each is held for two seconds, young as the session is. */
const MAX_GETS = 10;

/** One client that begins with polling, as far as the handlers can tell. */
export class PollingClient {
  readonly #world: PollingWorld;
  readonly #connectionId = createConnectionId();
  #sid = "";

  constructor(world: PollingWorld) {
    this.#world = world;
  }

  async open(): Promise<this> {
    const body = await this.#poll("GET");
    this.#sid = /^0\{"sid":"([^"]+)"/.exec(body)?.[1] ?? "";
    if (this.#sid === "") throw new Error(`expected OPEN, got ${body}`);
    return this;
  }

  /** In the main namespace, and in rooms. */
  async connect(rooms: readonly string[] = []): Promise<this> {
    await this.open();
    await this.event("40");
    await this.get('40{"sid"');
    for (const room of rooms) await this.event(`42["crowd","${room}"]`);
    return this;
  }

  async post(frame: string): Promise<void> {
    const body = await this.#poll("POST", frame);
    if (body !== "ok") throw new Error(`expected the POST to be accepted, got ${body}`);
  }

  /** A POST of which there is too much. */
  async postTooMuch(frame: string): Promise<void> {
    const { statusCode } = await this.#ask("POST", frame);
    if (statusCode !== 413) throw new Error(`expected the POST to be refused with 413, got ${statusCode}`);
  }

  /** What was posted reaches the inbox. */
  async receive(): Promise<void> {
    for (const body of this.#world.aws.sent.splice(0)) await this.#receive(sentEvent(body, this.#sid));
  }

  /** What was posted, and what comes of it: a session that ends is closed by a letter of its own. */
  async receiveAll(): Promise<void> {
    while (this.#world.aws.sent.length > 0) await this.receive();
  }

  async event(frame: string): Promise<void> {
    await this.post(frame);
    await this.receive();
  }

  /** A GET that is answered with something that begins like this. A noop says to ask again, which clients do at once. */
  async get(prefix: string): Promise<void> {
    for (let asked = 0; asked < MAX_GETS; asked += 1) {
      const body = await this.#poll("GET");
      if (body.startsWith(prefix)) return;
      if (body !== "6") throw new Error(`expected ${prefix}…, got ${body}`);
    }
    throw new Error(`expected ${prefix}…, got nothing but noops in ${MAX_GETS} GETs`);
  }

  /** The way from polling to a WebSocket, the GET that it releases aside. */
  async upgrade(): Promise<this> {
    const { handlers } = this.#world;
    const answer = (await handlers.connect(authorizeEvent(this.#connectionId, this.#sid), context)) as {
      context?: { sid?: string };
    };
    if (answer.context?.sid !== this.#sid)
      throw new Error(`expected to be let in, got ${JSON.stringify(answer)}`);
    await this.#receive(batchEvent([[this.#connection, { type: "CONNECT" }]]));
    await this.frame("2probe");
    if (!this.#frames.includes("3probe"))
      throw new Error(`expected 3probe, got ${JSON.stringify(this.#frames)}`);
    await this.frame("5");
    return this;
  }

  /** Over the WebSocket. */
  frame(frame: string): Promise<void> {
    return this.#receive(batchEvent([[this.#connection, { type: "MESSAGE", frame }]]));
  }

  get #connection(): { connectionId: string; sid: string } {
    return { connectionId: this.#connectionId, sid: this.#sid };
  }

  get #frames(): readonly string[] {
    return this.#world.aws.frames.get(this.#connectionId) ?? [];
  }

  async #poll(method: "GET" | "POST", body?: string): Promise<string> {
    const answer = await this.#ask(method, body);
    if (answer.statusCode !== 200) throw new Error(`expected 200, got ${JSON.stringify(answer)}`);
    return answer.body ?? "";
  }

  async #ask(method: "GET" | "POST", body?: string): Promise<{ statusCode: number; body?: string }> {
    const sid = this.#sid === "" ? "" : `&sid=${this.#sid}`;
    const event = pollEvent({ method, query: `EIO=4&transport=polling${sid}`, body });
    return (await this.#world.handlers.poll(event, context)) as { statusCode: number; body?: string };
  }

  async #receive(event: unknown): Promise<void> {
    const answer = (await this.#world.handlers.inbox(event, context)) as
      { batchItemFailures?: unknown[] } | undefined;
    if ((answer?.batchItemFailures ?? []).length > 0) {
      throw new Error(`expected the batch to succeed, got ${JSON.stringify(answer)}`);
    }
  }
}
