import { decodeFrame } from "./decode.js";

/** What each event of the stream changes of the model: documented in docs/inspector.md. */
export const handlers = {
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

/** Of a packet that has caused more than that, the first are kept. */
const MAX_OF_PACKET = 60;

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
