import { Room } from "./room.js";

const answerTimeoutMs = 10_000;
const typingEveryMs = 2_500;

/**
 * The conversation as this page knows it, and the socket it goes through. The server keeps neither messages nor
 * sessions for us: after every (re)connect the page says again who it is and where it wants to be, and sends what
 * was not acknowledged.
 *
 * Tells the view with one event, "change"; its `detail` says what changed.
 */
export class Chat extends EventTarget {
  me = { id: "", nickname: "" };
  /** "idle" | "connecting" | "connected" | "reconnecting" | "stopped" */
  status = "idle";
  rooms = new Map();
  /** Rooms somebody is in, with how many people, as last heard. */
  openRooms = new Map();
  current = "lobby";
  /** How many of our packets were answered, and by which processes. */
  answers = 0;
  instances = new Set();

  #socket;
  #wanted = [];
  #outbox = new Map();
  #arrivals = [];
  #lastTypingAtMs = 0;
  #lostAtMs = 0;
  #onFirstAnswer;

  constructor(io) {
    super();
    this.#socket = io({ autoConnect: false });
    this.#socket.on("connect", () => this.#enter());
    this.#socket.on("connect_error", () =>
      this.#setStatus(this.#socket.active ? this.#retrying() : "stopped"),
    );
    this.#socket.on("disconnect", () => {
      if (this.status === "connected") this.#lostAtMs = Date.now();
      this.#setStatus(this.#socket.active ? "reconnecting" : "stopped");
      for (const room of this.rooms.values()) room.typing.clear();
      this.#changed("typing");
    });
    this.#socket.on("message", (message) => this.#onMessage(message));
    this.#socket.on("joined", (room, person) => this.#onArrival(room, person, true));
    this.#socket.on("left", (room, person) => this.#onArrival(room, person, false));
    this.#socket.on("typing", (room, person, isTyping) => this.#onTyping(room, person, isTyping));
    this.#socket.on("room opened", (room) => {
      if (!this.openRooms.has(room)) this.openRooms.set(room, 1);
      this.#changed("rooms");
    });
  }

  get transport() {
    return this.#socket.io.engine?.transport?.name ?? "";
  }

  get room() {
    return this.rooms.get(this.current);
  }

  /** Resolves once the server has let us in, or has said why not. */
  start(nickname, rooms) {
    this.me.nickname = nickname;
    this.#wanted = rooms;
    return new Promise((resolve) => {
      this.#onFirstAnswer = resolve;
      this.#setStatus("connecting");
      if (this.#socket.connected) this.#enter();
      else this.#socket.connect();
    });
  }

  reconnect() {
    this.#setStatus("reconnecting");
    this.#socket.connect();
  }

  async join(name) {
    const askedAtMs = Date.now();
    const answer = await this.#ask("join", name);
    if (!answer.ok) return answer;
    this.#addRoom(answer.room).setPeople(answer.people, this.#arrivals, askedAtMs);
    this.open(answer.room);
    return answer;
  }

  async leave(name) {
    const answer = await this.#ask("leave", name);
    if (!answer.ok) return answer;
    this.rooms.delete(name);
    this.#changed("rooms");
    if (this.current === name) this.open("lobby");
    await this.refreshOpenRooms();
    return answer;
  }

  open(name) {
    if (!this.rooms.has(name)) return;
    this.current = name;
    this.read();
    this.#changed("rooms");
    this.#changed("current");
    void this.#refreshPeople(name);
  }

  /** The current room has been seen. */
  read() {
    if (!this.room?.unread) return;
    this.room.unread = 0;
    this.#changed("rooms");
  }

  async refreshOpenRooms() {
    const answer = await this.#ask("rooms");
    if (!answer.ok) return;
    this.openRooms = new Map(Object.entries(answer.rooms));
    this.#changed("rooms");
  }

  say(text) {
    const entry = {
      kind: "message",
      id: newId(),
      room: this.current,
      from: this.me,
      mine: true,
      text,
      sentAtMs: Date.now(),
      state: "pending",
    };
    this.#lastTypingAtMs = 0;
    this.#outbox.set(entry.id, entry);
    this.#append(this.room, entry);
    if (this.status === "connected") void this.#send(entry);
  }

  sendAgain(entry) {
    if (this.status === "connected") void this.#send(entry);
  }

  /** Called for every change of the text; says so to the others now and then. */
  typed(hasText) {
    const now = Date.now();
    const isDue = hasText ? now - this.#lastTypingAtMs > typingEveryMs : this.#lastTypingAtMs > 0;
    if (!isDue || this.status !== "connected") return;
    this.#lastTypingAtMs = hasText ? now : 0;
    this.#socket.emit("typing", this.current, hasText);
  }

  async #enter() {
    const socketId = this.#socket.id;
    const askedAtMs = Date.now();
    const rooms = this.rooms.size > 0 ? [...this.rooms.keys()] : this.#wanted;
    const answer = await this.#emit("enter", this.me.nickname, rooms);
    if (this.#socket.id !== socketId) return;

    if (answer === undefined) {
      this.#socket.disconnect();
      this.reconnect();
      return;
    }
    if (!answer.ok) {
      this.#socket.disconnect();
      this.#setStatus("idle");
      this.#onFirstAnswer?.(answer);
      return;
    }

    this.me = answer.you;
    const awayMs = this.#lostAtMs > 0 ? Date.now() - this.#lostAtMs : 0;
    for (const [name, people] of Object.entries(answer.people)) {
      const room = this.#addRoom(name);
      room.setPeople(people, this.#arrivals, askedAtMs);
      if (awayMs > 0) this.#appendGap(room, awayMs);
    }
    this.#lostAtMs = 0;
    this.#setStatus("connected");
    this.#onFirstAnswer?.(answer);
    this.#onFirstAnswer = undefined;
    for (const entry of this.#outbox.values()) void this.#send(entry);
    this.#changed("rooms");
    this.#changed("people");
    await this.refreshOpenRooms();
  }

  async #send(entry) {
    this.#update(entry, { state: "pending" });
    const answer = await this.#emit("say", entry.room, { id: entry.id, text: entry.text });
    if (answer === undefined) {
      // After a reconnect it is sent again without being asked; here the connection stands and nobody answered.
      if (this.status === "connected") this.#update(entry, { state: "unconfirmed" });
      return;
    }
    this.#outbox.delete(entry.id);
    if (answer.ok) this.#update(entry, { state: "delivered", sentAtMs: answer.sentAtMs });
    else this.#update(entry, { state: "refused", error: answer.error });
  }

  /** For what is not worth keeping while the connection is down. */
  async #ask(event, ...args) {
    if (this.status !== "connected") return { ok: false, error: "Not connected. Try again in a moment." };
    return (await this.#emit(event, ...args)) ?? { ok: false, error: "No answer came. Try again." };
  }

  /** Undefined when no answer came: the connection broke, or it took too long. */
  async #emit(event, ...args) {
    let answer;
    try {
      answer = await this.#socket.timeout(answerTimeoutMs).emitWithAck(event, ...args);
    } catch {
      return undefined;
    }
    if (answer.ok) {
      this.answers += 1;
      this.instances.add(answer.instance);
      this.#changed("answers");
    }
    return answer;
  }

  async #refreshPeople(name) {
    const askedAtMs = Date.now();
    const answer = await this.#ask("people", name);
    if (!answer.ok) return;
    this.rooms.get(name)?.setPeople(answer.people, this.#arrivals, askedAtMs);
    this.#changed("people");
  }

  #onMessage(message) {
    const room = this.rooms.get(message.room);
    if (room === undefined || room.has(message.id)) return;
    room.typing.delete(message.from.id);
    this.#changed("typing");
    if (room.name !== this.current || document.hidden) {
      room.unread += 1;
      this.#changed("rooms");
    }
    this.#append(room, { ...message, kind: "message", mine: false, state: "received" });
  }

  #onArrival(name, person, isHere) {
    this.#arrivals = [...this.#arrivals.slice(-99), { room: name, person, isHere, atMs: Date.now() }];
    const room = this.rooms.get(name);
    if (room === undefined) return;
    const notice = room.arrive(person, isHere);
    if (notice?.isNew) this.#append(room, notice.entry);
    else if (notice) this.#changed("entry", { entry: notice.entry });
    this.#changed("people");
    this.#changed("typing");
  }

  #onTyping(name, person, isTyping) {
    const room = this.rooms.get(name);
    if (room === undefined) return;
    room.setTyping(person, isTyping, () => this.#changed("typing"));
    this.#changed("typing");
  }

  #addRoom(name) {
    const room = this.rooms.get(name) ?? new Room(name);
    this.rooms.set(name, room);
    return room;
  }

  /** Nobody keeps what was said meanwhile, so the page says that something may be missing. */
  #appendGap(room, forMs) {
    const last = room.entries.at(-1);
    if (last?.kind === "gap") this.#update(last, { forMs: last.forMs + forMs });
    else this.#append(room, { kind: "gap", forMs });
  }

  #append(room, entry) {
    room.add(entry);
    this.#changed("new entry", { room, entry });
  }

  #update(entry, changes) {
    Object.assign(entry, changes);
    this.#changed("entry", { entry });
  }

  #retrying() {
    return this.me.id === "" ? "connecting" : "reconnecting";
  }

  #setStatus(status) {
    this.status = status;
    this.#changed("status");
  }

  #changed(what, more = {}) {
    this.dispatchEvent(new CustomEvent("change", { detail: { what, ...more } }));
  }
}

/** `crypto.randomUUID` is missing where a page is served over plain http from another machine. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
