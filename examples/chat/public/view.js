import { el, isSameGroup, makeAvatar, makeEntry, paintAvatar, updateEntry } from "./message-view.js";

const $ = (id) => document.getElementById(id);
const nearBottomPx = 80;

/** Draws the state of a `Chat`. Small lists are drawn anew on each change, logs only ever grow. */
export class View {
  #chat;
  #actions;
  #logs = new Map();
  #items = new Map();
  /** Rooms whose reader is at the end, or on the way there; scrolling up ends it. */
  #following = new Set();

  constructor(chat, actions) {
    this.#chat = chat;
    this.#actions = actions;
    chat.addEventListener("change", ({ detail }) => this.#onChange(detail));
    new ResizeObserver(() => {
      if (this.#following.has(this.#chat.current)) this.scrollToLatest();
    }).observe($("logs"));
  }

  enterRoom() {
    $("welcome").hidden = true;
    $("app").hidden = false;
    this.#drawAll();
  }

  scrollToLatest(behavior = "auto") {
    const log = this.#logs.get(this.#chat.current);
    this.#following.add(this.#chat.current);
    // A page in the background draws no frames, so a smooth scroll would not arrive.
    log?.scrollTo({ top: log.scrollHeight, behavior: document.hidden ? "auto" : behavior });
    $("to-latest").hidden = true;
  }

  #onChange({ what, room, entry }) {
    document.body.dataset.status = this.#chat.status;
    if ($("app").hidden) return;
    if (what === "status") this.#drawStatus();
    if (what === "answers") this.#drawStory();
    if (what === "rooms") this.#drawRooms();
    if (what === "people") this.#drawPeople();
    if (what === "typing") this.#drawTyping();
    if (what === "current") this.#drawCurrent();
    if (what === "new entry") this.#addEntry(room, entry);
    if (what === "entry") this.#updateEntry(entry);
  }

  #drawAll() {
    paintAvatar($("my-avatar"), this.#chat.me.nickname);
    $("my-name").textContent = this.#chat.me.nickname;
    this.#drawStatus();
    this.#drawStory();
    this.#drawRooms();
    this.#drawCurrent();
  }

  #drawStatus() {
    const { status, transport } = this.#chat;
    const words = {
      connecting: "Connecting…",
      connected: `Connected over ${transport}`,
      reconnecting: navigator.onLine ? "Reconnecting…" : "Offline",
      stopped: "Disconnected",
    };
    for (const id of ["status", "status-compact"]) $(id).textContent = words[status] ?? "";

    $("banner").hidden = status === "connected";
    $("banner-text").textContent = navigator.onLine
      ? "The connection is gone. What you write waits here and is sent when it is back."
      : "You are offline. What you write waits here and is sent when you are back.";
    $("reconnect").hidden = status !== "stopped";
  }

  #drawStory() {
    const { answers, instances } = this.#chat;
    const packets = answers === 1 ? "Your first packet was" : `Your ${answers} packets were`;
    $("story").hidden = answers === 0;
    $("story").textContent =
      instances.size === 1
        ? `${packets} handled by one process so far.`
        : `${packets} handled by ${instances.size} processes. None of them remembers you.`;
  }

  #drawRooms() {
    const { rooms, openRooms, current } = this.#chat;
    $("rooms").replaceChildren(
      ...[...rooms.values()].map((room) => {
        const button = this.#roomButton(room.name, () => this.#actions.open(room.name));
        if (room.name === current) button.setAttribute("aria-current", "page");
        if (room.unread > 0) {
          button.classList.add("unread");
          button.append(el("span", "badge", String(room.unread), el("span", "unseen", " unread")));
        }
        return el("li", "", button);
      }),
    );

    const others = [...openRooms].filter(([name]) => !rooms.has(name)).sort(([a], [b]) => a.localeCompare(b));
    $("open-rooms-section").hidden = others.length === 0;
    $("open-rooms").replaceChildren(
      ...others.map(([name, count]) => {
        const button = this.#roomButton(name, () => this.#actions.join(name));
        button.append(el("span", "count", count === 1 ? "1 person" : `${count} people`));
        return el("li", "", button);
      }),
    );

    const unread = [...rooms.values()].reduce((sum, room) => sum + room.unread, 0);
    $("total-unread").hidden = unread === 0;
    $("total-unread").textContent = String(unread);
    $("show-side").setAttribute("aria-label", unread === 0 ? "Rooms" : `Rooms, ${unread} unread`);
    document.title = `${unread > 0 ? `(${unread}) ` : ""}#${current} · nonsticky chat`;
  }

  #roomButton(name, onClick) {
    const button = el("button", "", el("span", "hash", "#"), el("span", "name", name));
    button.type = "button";
    button.addEventListener("click", onClick);
    return button;
  }

  #drawCurrent() {
    const { current, room } = this.#chat;
    $("room-title").replaceChildren(el("span", "hash", "#"), current);
    $("leave").hidden = current === "lobby";
    $("text").placeholder = `Message #${current}`;
    $("text").setAttribute("aria-label", `Message #${current}`);
    $("text").value = room?.draft ?? "";
    for (const [name, log] of this.#logs) {
      if (!this.#chat.rooms.has(name)) {
        log.remove();
        this.#logs.delete(name);
      }
    }
    if (room) this.#logOf(room);
    for (const [name, log] of this.#logs) log.hidden = name !== current;
    this.scrollToLatest();
    this.#drawPeople();
    this.#drawTyping();
  }

  #drawPeople() {
    const { room, me } = this.#chat;
    const people = [...(room?.people ?? [])].filter(([id]) => id !== me.id);
    people.sort(([, a], [, b]) => a.localeCompare(b));
    const everybody = [[me.id, me.nickname], ...people];
    $("people-list").replaceChildren(
      ...everybody.map(([id, nickname]) => {
        const item = el("li", "", makeAvatar(nickname), el("span", "name", nickname));
        if (id === me.id) item.append(el("span", "count", "you"));
        return item;
      }),
    );
    $("people-count").textContent = String(everybody.length);
    $("show-people").setAttribute("aria-label", `People here: ${everybody.length}`);
  }

  #drawTyping() {
    const names = [...new Set([...(this.#chat.room?.typing.values() ?? [])].map(({ nickname }) => nickname))];
    const words =
      names.length === 0
        ? ""
        : names.length === 1
          ? `${names[0]} is typing`
          : names.length === 2
            ? `${names[0]} and ${names[1]} are typing`
            : "Several people are typing";
    $("typing").replaceChildren(...(words ? [words, el("span", "dots", el("i"), el("i"), el("i"))] : []));
  }

  #logOf(room) {
    let log = this.#logs.get(room.name);
    if (log === undefined) {
      log = el("ol", "log", this.#emptyNote(room));
      log.setAttribute("role", "log");
      log.setAttribute("aria-label", `Messages in #${room.name}`);
      log.tabIndex = 0;
      log.hidden = room.name !== this.#chat.current;
      let lastTop = 0;
      log.addEventListener("scroll", () => {
        if (isNearBottom(log)) {
          this.#following.add(room.name);
          $("to-latest").hidden = true;
        } else if (log.scrollTop < lastTop) {
          this.#following.delete(room.name);
        }
        lastTop = log.scrollTop;
      });
      this.#logs.set(room.name, log);
      $("logs").append(log);
      room.entries.forEach((entry, index) => this.#place(log, entry, room.entries[index - 1]));
    }
    return log;
  }

  #emptyNote(room) {
    return el(
      "li",
      "empty",
      el("strong", "", el("span", "hash", "#"), room.name),
      "Nothing is stored. You see what is said while you are here.",
    );
  }

  #addEntry(room, entry) {
    if (!this.#logs.has(room.name)) {
      this.#logOf(room);
      return;
    }
    const log = this.#logs.get(room.name);
    this.#place(log, entry, room.entries.at(-2));
    if (room.name !== this.#chat.current) return;
    if (entry.mine || this.#following.has(room.name)) this.scrollToLatest("smooth");
    else if (entry.kind === "message") $("to-latest").hidden = false;
  }

  #place(log, entry, previous) {
    if (entry.kind === "message" && isSameGroup(entry, previous))
      this.#items.get(previous)?.classList.remove("tail");
    const item = makeEntry(entry, previous, this.#actions.sendAgain);
    this.#items.set(entry, item);
    log.append(item);
  }

  #updateEntry(entry) {
    const item = this.#items.get(entry);
    if (item) updateEntry(item, entry);
  }
}

function isNearBottom(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < nearBottomPx;
}
