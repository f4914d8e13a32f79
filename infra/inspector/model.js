import { readSid } from "./decode.js";
import { handlers } from "./heard.js";

/** Rows that are kept; the oldest go. */
const MAX_ROWS = 3_000;
const MAX_INVOCATIONS = 1_000;
const MAX_ENDED_SESSIONS = 12;
const MAX_ENDED_INSTANCES = 6;

/**
 * What the stream has told, as the page shows it: rows in the order in which they began, connections, instances. Bounded,
 * whatever comes. `revision` grows with each change.
 */
export class Model {
  hello = undefined;
  revision = 0;
  rows = [];
  sessions = new Map();
  instances = new Map();
  switches = { chaos: 0, antiAffinity: false, freeze: false, throttle: 0 };
  /** Packets seen, rows no longer kept, and events that never came. */
  packets = 0;
  forgotten = 0;
  missed = 0;
  lastN = 0;
  #letters = new Map();
  #invocations = new Map();
  #keys = 0;

  /** How much is kept beside what is shown. */
  get sizes() {
    return { letters: this.#letters.size, invocations: this.#invocations.size };
  }

  greet(hello) {
    // A runtime that was started anew counts from one again.
    if (this.hello !== undefined && hello.told < this.lastN) this.#clear();
    if (this.lastN === 0) this.missed = hello.dropped;
    this.hello = hello;
    this.switches = hello.switches;
    const [pids, tags] = [new Set(), new Set()];
    for (const instance of hello.instances) {
      pids.add(instance.pid);
      const known = this.instances.get(instance.pid);
      this.instances.set(instance.pid, { ...known, ...instance });
    }
    for (const [pid, { state }] of this.instances)
      if (!pids.has(pid) && state !== "ended") this.instances.delete(pid);
    for (const { connection, session, sid, pids: served } of hello.connections) {
      const known = this.session(session, sid);
      if (known === undefined) continue;
      tags.add(session);
      Object.assign(known, { connection, transport: "websocket" });
      for (const pid of served) known.pids.add(pid);
    }
    for (const session of this.sessions.values()) {
      if (session.connection !== undefined && !session.ended && !tags.has(session.tag))
        session.ended = "closed";
    }
    this.revision += 1;
  }

  take(events) {
    for (const event of events) {
      if (event.n <= this.lastN) continue;
      this.lastN = event.n;
      handlers[event.type]?.(this, event);
    }
    this.revision += 1;
  }

  /** Memory of a function, for what it costs. */
  memoryOf(name) {
    return this.hello?.functions.find(({ key }) => key === name)?.memoryMegabytes ?? 1024;
  }

  forget() {
    this.#clear();
    this.revision += 1;
  }

  row(row) {
    this.rows.push({ key: (this.#keys += 1), ...row });
    if (this.rows.length > MAX_ROWS + 200) {
      for (const { letterId } of this.rows.splice(0, this.rows.length - MAX_ROWS))
        this.#letters.delete(letterId);
      this.forgotten = this.#keys - this.rows.length;
    }
    return this.rows.at(-1);
  }

  /** @returns {object | undefined} the session of that tag, made where it is new and its id is told */
  session(tag, sid) {
    return tag === undefined || sid === undefined ? this.sessions.get(tag) : this.#session(tag, sid);
  }

  letter(id) {
    return this.#letters.get(id);
  }

  addLetter(id, letter) {
    this.#letters.set(id, letter);
  }

  invocation(id) {
    let found = this.#invocations.get(id);
    if (found === undefined) {
      found = { id, letters: [], table: [], posts: [], logs: [] };
      this.#invocations.set(id, found);
      if (this.#invocations.size > MAX_INVOCATIONS)
        this.#invocations.delete(this.#invocations.keys().next().value);
    }
    return found;
  }

  /** The packet on whose behalf something was, or else the invocation. */
  causeOf(cause) {
    if (cause === undefined) return undefined;
    const invocation = this.invocation(cause.invocation);
    if (cause.letter === undefined) return invocation;
    // In direct ordering what was invoked asynchronously has no name of its own.
    const letter = this.letter(cause.letter) ?? this.letter(invocation.letters[0]);
    return letter?.packets[cause.index] ?? letter?.packets[0] ?? invocation;
  }

  endSession(session, why) {
    session.ended = why;
    const ended = [...this.sessions.values()].filter((one) => one.ended);
    for (const one of ended.slice(0, -MAX_ENDED_SESSIONS)) this.sessions.delete(one.tag);
  }

  trimInstances() {
    const ended = [...this.instances.values()].filter(({ state }) => state === "ended");
    for (const one of ended.slice(0, -MAX_ENDED_INSTANCES)) this.instances.delete(one.pid);
  }

  #session(tag, sid) {
    let found = this.sessions.get(tag);
    if (found === undefined) {
      const { openedAtMs, isBornOnPolling } = readSid(sid);
      const transport = isBornOnPolling ? "polling" : "websocket";
      found = { tag, sid, transport, openedAtMs, pids: new Set(), packets: 0 };
      this.sessions.set(tag, found);
    }
    return found;
  }

  #clear() {
    this.rows = [];
    this.#letters.clear();
    this.#invocations.clear();
    for (const [tag, { ended }] of this.sessions) if (ended) this.sessions.delete(tag);
    this.packets = 0;
    this.forgotten = 0;
    this.#keys = 0;
  }
}
