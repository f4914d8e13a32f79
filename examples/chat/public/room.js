const typingLastsMs = 5_000;
const recentMs = 60_000;

/** One room as this page knows it: what was said since we came, who is here, who is typing. */
export class Room {
  entries = [];
  /** Socket id → nickname. */
  people = new Map();
  /** Socket id → nickname, and the timer that ends it should nobody else. */
  typing = new Map();
  unread = 0;
  draft = "";

  constructor(name) {
    this.name = name;
  }

  has(messageId) {
    return this.entries.some((entry) => entry.id === messageId);
  }

  add(entry) {
    this.entries.push(entry);
  }

  /** A list asked for at `askedAtMs`, and the comings and goings heard since, which may be newer than it. */
  setPeople(people, arrivals, askedAtMs) {
    this.people = new Map(people.map(({ id, nickname }) => [id, nickname]));
    for (const { room, person, isHere, atMs } of arrivals) {
      if (room === this.name && atMs >= askedAtMs) this.#place(person, isHere);
    }
  }

  /**
   * Somebody came or went. Returns the notice this is worth, if any: none for a second window of the same person,
   * and one for a reconnect, or for several people at about the same time.
   */
  arrive(person, isHere) {
    const wasHere = this.people.has(person.id);
    this.#place(person, isHere);
    if (wasHere === isHere || this.#isElsewhere(person)) return undefined;

    const last = this.entries.at(-1);
    const isRecent = last !== undefined && Date.now() - last.atMs < recentMs;
    const { nickname } = person;
    if (isRecent && isHere && last.kind === "left" && last.nicknames.join() === nickname) {
      last.kind = "returned";
      return { entry: last, isNew: false };
    }
    const kind = isHere ? "joined" : "left";
    if (isRecent && last.kind === kind) {
      last.nicknames.push(nickname);
      return { entry: last, isNew: false };
    }
    return { entry: { kind, nicknames: [nickname], atMs: Date.now() }, isNew: true };
  }

  setTyping(person, isTyping, onEnd) {
    clearTimeout(this.typing.get(person.id)?.timer);
    this.typing.delete(person.id);
    if (!isTyping) return;
    const timer = setTimeout(() => {
      this.typing.delete(person.id);
      onEnd();
    }, typingLastsMs);
    this.typing.set(person.id, { nickname: person.nickname, timer });
  }

  #place(person, isHere) {
    if (isHere) this.people.set(person.id, person.nickname);
    else this.people.delete(person.id);
    if (!isHere) this.setTyping(person, false);
  }

  #isElsewhere(person) {
    return [...this.people].some(([id, nickname]) => id !== person.id && nickname === person.nickname);
  }
}
