import { decodeFrame, readSid } from "./decode.js";

/** Rows that are kept; the oldest go. */
const MAX_ROWS = 3_000;
const MAX_INVOCATIONS = 1_000;
const MAX_ENDED_SESSIONS = 12;
const MAX_ENDED_INSTANCES = 6;
const MAX_OF_PACKET = 60;

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

const add = (list, item) => {
  if (list.length < MAX_OF_PACKET) list.push(item);
};

/** What happened to the letters of one session that carry no frame, in words. */
const lifeWords = {
  opened: "connected",
  born: "connected",
  closed: "ends",
  kick: "is disconnected by the server",
  serverSide: "server to server",
  timer: "timer rings",
  reap: "no pong in time",
  other: "alarm",
};

const newPacket = (event, extra) => ({
  letterId: event.letter,
  letter: event,
  atMs: event.atMs,
  session: event.session,
  table: [],
  posts: [],
  sent: [],
  logs: [],
  outs: new Map(),
  batches: [],
  ...extra,
});

const handlers = {
  hello: () => undefined,
  letter(model, event) {
    // Of one that has ended the last letter comes behind its end.
    const session = model.session(event.session, event.kind === "closed" ? undefined : event.sid);
    const letter = { event, packets: [] };
    model.addLetter(event.letter, letter);
    const viaPost = event.kind === "payload";
    if (event.texts.length === 0) {
      const isOfClient = ["opened", "born", "closed", "timer", "serverSide"].includes(event.kind);
      const row = model.row(
        newPacket(event, {
          type: "life",
          index: 0,
          name: lifeWords[event.kind],
          isPing: !isOfClient && event.kind === "reap",
        }),
      );
      letter.packets.push(row);
    }
    for (const [index, text] of event.texts.entries()) {
      const decoded = decodeFrame(text);
      const isPing = decoded.kind === "pong" || decoded.kind === "ping";
      if (!isPing) model.packets += 1;
      if (session !== undefined && !isPing) session.packets += 1;
      if (decoded.kind === "upgrade") session.transport = "websocket";
      letter.packets.push(model.row(newPacket(event, { type: "in", index, text, decoded, isPing, viaPost })));
    }
    const sender = model.causeOf(event.cause);
    if (sender?.sent !== undefined) add(sender.sent, event);
  },
  batch(model, event) {
    const invocation = model.invocation(event.invocation);
    invocation.letters = event.letters.map(({ letter }) => letter);
    for (const { letter, waitedMs, receives } of event.letters) {
      for (const packet of model.letter(letter)?.packets ?? []) {
        packet.batches.push({
          invocation,
          waitedMs,
          receives,
          letters: event.letters.length,
          takenMs: event.atMs,
        });
        packet.batches.splice(0, packet.batches.length - 4);
        packet.again = false;
      }
    }
  },
  "batch.failed"(model, event) {
    for (const id of event.again) for (const packet of model.letter(id)?.packets ?? []) packet.again = true;
  },
  "letter.dead"(model, event) {
    for (const packet of model.letter(event.letter)?.packets ?? []) packet.isDead = true;
  },
  invocation(model, event) {
    const invocation = model.invocation(event.invocation);
    Object.assign(invocation, {
      pid: event.pid,
      function: event.function,
      cold: event.cold,
      traced: event.traced,
      startedMs: event.atMs,
    });
    const instance = model.instances.get(event.pid) ?? {
      pid: event.pid,
      function: event.function,
      invocations: 0,
    };
    model.instances.set(event.pid, { ...instance, state: "busy", invocations: instance.invocations + 1 });
    for (const id of invocation.letters) {
      const letter = model.letter(id);
      for (const packet of letter?.packets ?? []) packet.pid = event.pid;
      model.session(letter?.event.session)?.pids.add(event.pid);
    }
  },
  "invocation.ended"(model, event) {
    const invocation = model.invocation(event.invocation);
    Object.assign(invocation, { outcome: event.outcome, ms: event.ms, message: event.message });
    const instance = model.instances.get(event.pid);
    if (instance?.state === "busy") instance.state = "idle";
    for (const id of invocation.letters) {
      for (const packet of model.letter(id)?.packets ?? []) packet.outcome = event.outcome;
    }
  },
  packet(model, event) {
    const packet = model.causeOf(event);
    if (packet?.type === undefined) return;
    packet.run = event;
  },
  table(model, event) {
    const cause = model.causeOf(event.cause);
    if (cause !== undefined) add(cause.table, event);
  },
  post(model, event) {
    const cause = model.causeOf(event.cause);
    if (cause !== undefined) add(cause.posts, event);
    const decoded = decodeFrame(event.text);
    const known = cause?.outs?.get(event.text);
    if (known !== undefined && known.status === event.status) {
      known.recipients.push(event.session);
      return;
    }
    const isPing = decoded.kind === "ping" || decoded.kind === "pong" || decoded.kind === "noop";
    const out = model.row({
      type: "out",
      atMs: event.atMs,
      session: event.session,
      text: event.text,
      decoded,
      isPing,
      status: event.status,
      recipients: [event.session],
      cause: cause?.type === undefined ? undefined : cause,
      pid: cause?.pid,
    });
    cause?.outs?.set(event.text, out);
  },
  request(model, event) {
    const session = model.session(event.session, event.sid);
    const { pid } = event.invocation === undefined ? {} : model.invocation(event.invocation);
    if (pid !== undefined) session?.pids.add(pid);
    for (const text of event.texts) {
      const decoded = decodeFrame(text);
      const isPing = ["ping", "pong", "noop"].includes(decoded.kind);
      const more = { text, decoded, isPing, status: event.status, recipients: [event.session], pid };
      model.row({ type: "out", isPolled: true, atMs: event.atMs, session: event.session, ...more });
    }
  },
  "connection.opened"(model, event) {
    const session = model.session(event.session, event.sid);
    if (session === undefined) return;
    Object.assign(session, { connection: event.connection, ended: undefined, isDropped: false });
  },
  "connection.dropped"(model, event) {
    const session = model.session(event.session);
    if (session !== undefined) session.isDropped = true;
  },
  "connection.closed"(model, event) {
    const session = model.session(event.session);
    if (session?.connection !== event.connection) return;
    if (session.transport === "websocket")
      return model.endSession(session, `${event.code} ${event.reason}`.trim());
    // It was to take the session over, and did not: the client goes on polling, unless the table says otherwise.
    session.connection = undefined;
    session.readAt = undefined;
  },
  instance(model, event) {
    const { pid, state, reason, atMs } = event;
    const known = model.instances.get(pid) ?? { pid, function: event.function, invocations: 0, bornMs: atMs };
    // It may have been given an event by the time it is told to be idle.
    model.instances.set(pid, {
      ...known,
      state,
      ...(reason === undefined ? {} : { reason }),
      changedMs: atMs,
    });
    model.trimInstances();
  },
  log(model, event) {
    const cause = model.causeOf(event.cause);
    if (cause !== undefined) add(cause.logs, event);
    if (cause?.type === undefined)
      model.row({ type: "log", atMs: event.atMs, session: event.session, log: event, pid: event.pid });
  },
  switches(model, { chaos, antiAffinity, freeze, throttle }) {
    model.switches = { chaos, antiAffinity, freeze, throttle };
  },
  gap(model, event) {
    model.row({ type: "gap", atMs: event.atMs });
  },
};
