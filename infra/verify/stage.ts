import { randomUUID } from "node:crypto";
import type { ClientOptions } from "ws";
import { notChecked, type Need, type Outcome } from "./outcome.ts";
import { Peer } from "./peer.ts";
import { verificationNamespace } from "../../lib/verify.ts";
import { Unexpected, Wire, type WireOptions } from "./wire.ts";

export interface StageOptions {
  /** `wss://….execute-api.….amazonaws.com/<stage>` */
  readonly url: string;
  /** `https://…/socket.io` of the HTTP API. */
  readonly pollUrl?: string | undefined;
  /** `https://…` of the edge. */
  readonly edgeUrl?: string | undefined;
  /** The path clients use at the edge. */
  readonly path: string;
  /** A stage whose mailbox was deleted on purpose, like `url`. */
  readonly brokenUrl?: string | undefined;
  readonly token?: string | undefined;
  readonly long: boolean;
  /** Frames sent back to back. */
  readonly frames: number;
  /** Handlers that wait at once. */
  readonly waiters: number;
  /** Frames sent at once, of several connections, to be more than the stage takes; undefined: none are. */
  readonly flood?: number | undefined;
  /** The addresses of IPv6 that a name has; rejects where it has none. Default: DNS. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
  readonly limits: Limits;
}

/** Times in milliseconds, which tests shorten. */
export interface Limits {
  /** How long an answer may take, cold starts included. */
  readonly patienceMs: number;
  /** What 19 echoes of 20 take at most. */
  readonly echoMs: number;
  /** Within which handlers of many sessions begin that wait. */
  readonly rampMs: number;
  /** Within which a broken connection is noticed. */
  readonly cutMs: number;
  /** How late 19 timers of 20 are at most. */
  readonly timerMs: number;
  /** API Gateway's idle time. */
  readonly idleMs: number;
  /** How long a connection lives at least and at most, by the server's own doing. */
  readonly ageMs: readonly [number, number];
}

export const awsLimits: Limits = {
  patienceMs: 15_000,
  echoMs: 1_000,
  rampMs: 10_000,
  cutMs: 10_000,
  timerMs: 1_000,
  idleMs: 10 * 60_000,
  ageMs: [110 * 60_000, 119 * 60_000],
};

export interface About {
  readonly instance: string;
  readonly sid: string;
  readonly ordering: string;
}

/** A deployed stack, as checks see it. */
export class Stage {
  readonly options: StageOptions;
  /** Names this run: clients of the verification hear of each other's leaving. */
  readonly run = randomUUID();
  /** What a first connection found out; undefined: the app has no verification. */
  about: About | undefined;
  /** Why what needs a connection is not checked. */
  unreachable: string | undefined;
  #wires = new Set<Wire>();

  constructor(options: StageOptions) {
    this.options = options;
  }

  get limits(): Limits {
    return this.options.limits;
  }

  /** The address of the WebSocket API, with what Engine.IO asks for. */
  address(base = this.options.url): string {
    return `${base.replace(/^http/, "ws")}?EIO=4&transport=websocket`;
  }

  connect(address = this.address(), options: Partial<WireOptions> = {}): Wire {
    const wire = new Wire(address, { patienceMs: this.limits.patienceMs, ...options });
    this.#wires.add(wire);
    return wire;
  }

  /** A connection whose OPEN has come. */
  async open(client: ClientOptions = {}, options: Partial<WireOptions> = {}): Promise<Wire> {
    const wire = this.connect(this.address(), { client, ...options });
    await wire.next("0{");
    return wire;
  }

  /** A client in the verification's namespace. */
  async join(client: ClientOptions = {}, options: Partial<WireOptions> = {}): Promise<Peer> {
    return this.enter(await this.open(client, options));
  }

  async enter(wire: Wire): Promise<Peer> {
    const auth = JSON.stringify({ token: this.options.token, run: this.run });
    wire.send(`40${verificationNamespace},${auth}`);
    const { text } = await wire.next(({ text }) => /^4[04]\/nonsticky-verify,/.test(text));
    if (!text.startsWith("40")) throw new Refused(text);
    const { sid } = JSON.parse(text.slice(text.indexOf("{"))) as { sid: string };
    return new Peer(wire, sid);
  }

  /** Looks once at what there is. Throws nothing: that a stage is out of reach is a finding of the first checks. */
  async explore(): Promise<void> {
    try {
      const wire = await this.open();
      if (this.options.token === undefined) return;
      const peer = await this.enter(wire);
      this.about = (await peer.ask("about")) as About;
    } catch (error) {
      if (!(error instanceof Refused))
        this.unreachable = error instanceof Error ? error.message : String(error);
    } finally {
      this.hangUp();
    }
  }

  /** Why a check that has this need cannot be made; undefined when it can. */
  missing(need: Need): Outcome | undefined {
    const { token, pollUrl, edgeUrl, brokenUrl, long } = this.options;
    switch (need) {
      case "token":
        if (token === undefined) return notChecked("no token: give --token or NONSTICKY_VERIFY_TOKEN");
        return this.about === undefined && this.unreachable === undefined
          ? notChecked("the app refused the token, or does not call installVerification")
          : undefined;
      case "app":
        return this.unreachable === undefined
          ? this.missing("token")
          : notChecked(`the stage did not answer: ${this.unreachable}`);
      case "fifo":
        return this.about?.ordering === "direct" ? notChecked("the stage has ordering=direct") : undefined;
      case "poll":
        return pollUrl === undefined ? notChecked("no --poll-url") : undefined;
      case "edge":
        return edgeUrl === undefined ? notChecked("no --edge-url") : undefined;
      case "broken":
        return brokenUrl === undefined ? notChecked("no --broken-url") : undefined;
      case "long":
        return long ? undefined : notChecked("takes up to two hours: give --long");
      default:
        return need satisfies never;
    }
  }

  /** Ends every connection of the check that is over. */
  hangUp(): void {
    for (const wire of this.#wires) wire.cut();
    this.#wires.clear();
  }
}

class Refused extends Unexpected {}
