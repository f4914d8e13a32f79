import type { IncomingMessage, ServerResponse } from "node:http";
import type { Sid } from "../ids.ts";
import type { EngineApp } from "../engine/engine.ts";
import { bare, type PollRequest, type PollResponse } from "../engine/polling/http.ts";
import type { Ringing } from "../engine/alarms/alarm.ts";
import { ringAlarms } from "../engine/alarms/ring-alarms.ts";
import type { BroadcastPart } from "../engine/fan-out.ts";
import { Inbox } from "../engine/inbox/inbox.ts";
import type { Delivery, Letter } from "../engine/letter.ts";
import { poll } from "../engine/polling/polling.ts";
import type { Runtime } from "../engine/runtime.ts";
import { settleDetached } from "../engine/settle-detached.ts";
import { watchRequest } from "../engine/watched-request.ts";
import { answerJson } from "./http-gateway.ts";
import type { Tally } from "../engine/turn.ts";
import { sendPart } from "../socketio/rooms/broadcast-part.ts";
import type { Work } from "./work.ts";

/** How long a deployed invocation may take; what a handler waits for ends with it. */
const INVOCATION_MS = 30_000;

/** One copy of the app and what a process would keep around it. */
export class Instance {
  readonly app: EngineApp;
  readonly runtime: Runtime;
  readonly #inbox: Inbox;
  readonly #polling: Runtime;

  /** `polling` differs from `runtime` in its clock, by which parked GETs sleep. */
  constructor(app: EngineApp, runtime: Runtime, polling: Runtime) {
    this.app = app;
    this.runtime = runtime;
    this.#polling = polling;
    app.bind(runtime);
    this.#inbox = new Inbox(runtime, app);
  }

  receive(batch: readonly Delivery[]): Promise<readonly string[]> {
    return this.#inbox.receive(batch, this.runtime.clock.nowMs() + INVOCATION_MS);
  }

  sendPart(part: BroadcastPart): Promise<Readonly<Tally>> {
    return sendPart(this.runtime, JSON.parse(JSON.stringify(part)) as BroadcastPart);
  }

  ring(ringing: Ringing): Promise<readonly string[]> {
    return ringAlarms(this.runtime, [ringing]);
  }

  /** By the HTTP server that the app is attached to. What a route emits is waited for when it has answered. */
  answer(request: IncomingMessage, response: ServerResponse, work: Work): void {
    const { httpServer } = this.app;
    const endWatch = watchRequest(this.runtime.watch, httpServer, request);
    response.once("close", () => endWatch?.());
    response.once("finish", () => {
      void settleDetached(this.runtime).finally(work.begin());
    });
    if (httpServer !== undefined && httpServer.listenerCount("request") > 0) {
      const emit = () => httpServer.emit("request", request, response);
      const ready = this.app.onRequest?.();
      if (ready === undefined) emit();
      else {
        endBehind(response, () => this.runtime.detached.hold?.());
        const run = () => this.runtime.detached.run("live", emit);
        void ready.then(run, run);
      }
    } else {
      request.resume();
      answerJson(response, 404, "Not Found");
    }
  }

  async poll(request: PollRequest): Promise<PollResponse> {
    try {
      const response = await poll(this.#polling, this.app, request);
      await this.#polling.strays.settle();
      return response;
    } catch (error) {
      this.#polling.logger.error("a polling request failed", { error });
      return bare(500);
    }
  }
}

/** The answer leaves behind what its route has changed, as it does on Lambda. */
function endBehind(response: ServerResponse, hold: () => Promise<unknown> | undefined): void {
  const end = response.end.bind(response) as (...args: unknown[]) => ServerResponse;
  response.end = ((...args: unknown[]) => {
    const held = hold();
    if (held === undefined) return end(...args);
    const finish = () => void end(...args);
    held.then(finish, finish);
    return response;
  }) as typeof response.end;
}

/** Whose turn it is. No two packets of a session in a row go to the same instance, where there is more than one. */
export class Rotation {
  readonly #instances: readonly Instance[];
  readonly #last = new Map<Sid, Instance>();
  #count = 0;

  constructor(instances: readonly Instance[]) {
    this.#instances = instances;
  }

  get first(): Instance {
    return this.#at(0);
  }

  next(): Instance {
    this.#count += 1;
    return this.#at(this.#count);
  }

  /** Of one session. */
  receive(batch: readonly Delivery[]): Promise<readonly string[]> {
    const [{ letter }] = batch as readonly [Delivery];
    const next = this.next();
    const instance = next === this.#last.get(letter.sid) ? this.next() : next;
    if (carriesPackets(letter)) this.#last.set(letter.sid, instance);
    const received = instance.receive(batch);
    if (letter.kind !== "closed") return received;
    return received.then((failed) => {
      if (failed.length === 0) this.#last.delete(letter.sid);
      return failed;
    });
  }

  #at(index: number): Instance {
    return this.#instances[index % this.#instances.length] as Instance;
  }
}

/** Pongs and the probes of an upgrade do not reach the app, and would hide that two packets met the same copy of it. */
const carriesPackets = (letter: Letter): boolean =>
  letter.kind === "payload" || (letter.kind === "frame" && letter.text.startsWith("4"));
