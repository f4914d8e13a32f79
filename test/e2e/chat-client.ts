import { io, type ManagerOptions, type Socket } from "socket.io-client";

/** One attempt to say one thing. A message that is sent again is the same `logical` in another `packet`. */
export interface ChatMessage {
  readonly sender: string;
  readonly logical: number;
  /** Counts the packets of a sender in the order it sent them. */
  readonly order: number;
  readonly packet: string;
}

/** One connection of a client, from its beginning to its loss. */
export interface Stay {
  /** When the client was told that it is in its room; it may hear something before. */
  joinedAtMs: number | undefined;
  endedAtMs: number | undefined;
  readonly heard: ChatMessage[];
}

export interface SentPacket {
  readonly message: ChatMessage;
  readonly sentAtMs: number;
  ackedAtMs: number | undefined;
  /** The process that acknowledged it. */
  pid: number | undefined;
}

/** A session of a client that has ended, and the transport that it was on. */
export interface Loss {
  readonly sid: string;
  readonly transport: string;
  /** As the client has it. */
  readonly reason: string;
}

/**
 * A stock client that keeps a window of messages under way. When its connection is closed it comes back and sends
 * again, as new packets and in the old order, what was not acknowledged.
 */
export class ChatClient {
  readonly name: string;
  readonly room: string;
  readonly stays: Stay[] = [];
  readonly sent: SentPacket[] = [];
  /** Sessions that ended before the client hung up. */
  readonly losses: Loss[] = [];
  /** How often it came back as who it was. */
  recoveries = 0;
  /** Packets that came a second time after such a return, by their offsets: a client leaves them out. */
  repeats = 0;
  readonly done: Promise<void>;
  readonly #socket: Socket;
  #total: number;
  readonly #window: number;
  readonly #paceMs: number;
  readonly #open = new Set<number>();
  #next = 0;
  #packets = 0;
  #joined = false;
  #sid = "none";
  #isLeaving = false;
  readonly #offsets = new Set<string>();
  #finish: () => void = () => undefined;

  /** The transport it is on, or was when its connection ended. */
  transport = "none";

  constructor(
    url: string,
    options: {
      name: string;
      room: string;
      messages: number;
      window: number;
      /** How long it waits after an answer before it says more. Default not at all. */
      paceMs?: number;
      /** Of the stock client; none of them for one that says nothing but `io(url)`. */
      transportOptions: Partial<Pick<ManagerOptions, "transports" | "upgrade">>;
    },
  ) {
    this.name = options.name;
    this.room = options.room;
    this.#total = options.messages;
    this.#window = options.window;
    this.#paceMs = options.paceMs ?? 0;
    this.done = new Promise((resolve) => (this.#finish = resolve));
    this.#socket = io(url, {
      ...options.transportOptions,
      forceNew: true,
      reconnectionDelay: 20,
      reconnectionDelayMax: 100,
      auth: { room: options.room },
    });
    this.#socket.on("connect", () => {
      const { engine } = this.#socket.io;
      this.transport = engine.transport.name;
      this.#sid = engine.id;
      if (this.#socket.recovered) this.recoveries++;
      engine.on("upgrade", ({ name }: { name: string }) => (this.transport = name));
    });
    this.#socket.on("joined", () => this.#enter());
    this.#socket.on("disconnect", (reason) => this.#leave(reason));
    this.#socket.on("connect_error", () => {
      if (!this.#socket.active) this.#socket.connect();
    });
    this.#socket.on("said", (message: ChatMessage, offset?: string) => {
      if (offset !== undefined && this.#offsets.has(offset)) this.repeats++;
      else this.#stay().heard.push(message);
      if (offset !== undefined) this.#offsets.add(offset);
    });
  }

  get isDone(): boolean {
    return this.#next >= this.#total && this.#open.size === 0;
  }

  get reconnections(): number {
    return Math.max(0, this.stays.length - 1) + this.recoveries;
  }

  /** Says no more. Resolves when all that it said is acknowledged. */
  stop(): Promise<void> {
    this.#total = this.#next;
    if (this.isDone) this.#finish();
    return this.done;
  }

  /** The session that it is in at the moment. */
  get sid(): string | undefined {
    return this.#socket.io.engine?.id;
  }

  hangUp(): void {
    this.#isLeaving = true;
    this.#socket.disconnect();
  }

  /**
   * The present stay, begun by whatever is heard first: a room may speak before the client knows it is in. For who comes
   * back as who it was it goes on: what was missed is sent, before its `connect` event.
   */
  #stay(): Stay {
    const present = this.stays.at(-1);
    if (present !== undefined && (present.endedAtMs === undefined || this.#socket.recovered)) {
      present.endedAtMs = undefined;
      return present;
    }
    const stay: Stay = { joinedAtMs: undefined, endedAtMs: undefined, heard: [] };
    this.stays.push(stay);
    return stay;
  }

  #enter(): void {
    this.#stay().joinedAtMs ??= Date.now();
    this.#joined = true;
    for (const logical of [...this.#open].toSorted((one, other) => one - other)) this.#send(logical);
    this.#fill();
  }

  #leave(reason: string): void {
    this.#joined = false;
    if (!this.#isLeaving) this.losses.push({ sid: this.#sid, transport: this.transport, reason });
    const stay = this.stays.at(-1);
    if (stay !== undefined) stay.endedAtMs = Date.now();
  }

  #fill(): void {
    while (this.#joined && this.#open.size < this.#window && this.#next < this.#total) {
      const logical = this.#next++;
      this.#open.add(logical);
      this.#send(logical);
    }
  }

  #send(logical: number): void {
    const order = this.#packets++;
    const message: ChatMessage = {
      sender: this.name,
      logical,
      order,
      packet: `${this.name}/${logical}/${order}`,
    };
    const packet: SentPacket = { message, sentAtMs: Date.now(), ackedAtMs: undefined, pid: undefined };
    this.sent.push(packet);
    this.#socket.emit("say", message, ({ pid }: { pid: number }) => {
      packet.ackedAtMs = Date.now();
      packet.pid = pid;
      this.#open.delete(logical);
      if (this.#paceMs === 0) this.#fill();
      else setTimeout(() => this.#fill(), this.#paceMs);
      if (this.isDone) this.#finish();
    });
  }
}
