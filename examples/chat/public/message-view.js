/** Makes the elements of a log. Whatever came from a person is set as text, never as markup. */

const sameGroupMs = 5 * 60_000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const list = new Intl.ListFormat("en", { type: "conjunction" });
const fullDate = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

/** An element with a class and children; strings become text. */
export function el(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#${name}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** A circle of initials in a colour that belongs to the name. */
export function paintAvatar(element, nickname) {
  const words = nickname.split(/[\s._-]+/).filter(Boolean);
  const letters =
    words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0]) : [...nickname].slice(0, 2);
  element.textContent = letters.join("").toUpperCase();
  element.style.setProperty("--hue", hueOf(nickname));
  return element;
}

export function makeAvatar(nickname) {
  const avatar = el("span", "avatar");
  avatar.setAttribute("aria-hidden", "true");
  return paintAvatar(avatar, nickname);
}

/** `previous` decides whether this is the head of a group: the first of several by one author in a few minutes. */
export function makeEntry(entry, previous, onSendAgain) {
  return entry.kind === "message" ? makeMessage(entry, previous, onSendAgain) : makeNotice(entry);
}

export function isSameGroup(entry, previous) {
  return (
    previous?.kind === "message" &&
    previous.mine === entry.mine &&
    previous.from.nickname === entry.from.nickname &&
    (entry.mine || previous.from.id === entry.from.id) &&
    entry.sentAtMs - previous.sentAtMs < sameGroupMs
  );
}

/** What can change in an entry after it was shown. */
export function updateEntry(item, entry) {
  if (entry.kind !== "message") {
    item.replaceChildren(...noticeContent(entry));
    return;
  }
  item.dataset.state = entry.state;
  const time = item.querySelector("time");
  time.textContent = clock.format(entry.sentAtMs);
  time.dateTime = new Date(entry.sentAtMs).toISOString();
  time.title = fullDate.format(entry.sentAtMs);
  if (!entry.mine) return;
  const words = {
    pending: "Not yet delivered",
    delivered: "Delivered",
    unconfirmed: "Not confirmed",
    refused: "Not delivered",
  };
  item.querySelector(".tick").setAttribute("aria-label", words[entry.state]);
  item.querySelector(".trouble-text").textContent =
    entry.state === "refused" ? `Not delivered. ${entry.error}` : "The server has not confirmed this.";
}

function makeMessage(entry, previous, onSendAgain) {
  const isHead = !isSameGroup(entry, previous);
  const item = el("li", `message ${entry.mine ? "own" : "theirs"}${isHead ? " head" : ""} tail`);
  item.dataset.id = entry.id;

  const meta = el("span", "meta", document.createElement("time"));
  const bubble = el("div", "bubble", el("span", "text", ...withLinks(entry.text)), meta);
  const stack = el("div", "stack");
  if (isHead && !entry.mine) stack.append(el("span", "byline", entry.from.nickname));
  else stack.append(el("span", "unseen", `${entry.mine ? "You" : entry.from.nickname}: `));
  stack.append(bubble);

  if (entry.mine) {
    const tick = el("span", "tick", icon("tick"));
    tick.setAttribute("role", "img");
    meta.append(tick);
    const again = el("button", "quiet", "Send again");
    again.type = "button";
    again.addEventListener("click", () => onSendAgain(entry));
    stack.append(el("p", "trouble", el("span", "trouble-text"), again));
  } else {
    item.append(makeAvatar(entry.from.nickname));
  }
  item.style.setProperty("--hue", hueOf(entry.from.nickname));
  item.append(stack);
  updateEntry(item, entry);
  return item;
}

function makeNotice(entry) {
  return el("li", entry.kind === "gap" ? "notice gap" : "notice", ...noticeContent(entry));
}

function noticeContent(entry) {
  if (entry.kind === "gap") {
    return [`You were away for ${duration(entry.forMs)}. What others said meanwhile is not shown.`];
  }
  const words = { joined: "joined", left: "left", returned: "left and came back" };
  return [el("b", "", list.format(entry.nicknames)), ` ${words[entry.kind]} · ${clock.format(entry.atMs)}`];
}

/** Web addresses become links, and nothing else does. */
function withLinks(text) {
  return text.split(/(https?:\/\/[^\s<>"]+[^\s<>".,;:!?)\]}'])/).map((part, index) => {
    if (index % 2 === 0) return part;
    const link = el("a", "", part);
    link.href = part;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    return link;
  });
}

function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 90) return seconds === 1 ? "a second" : `${seconds} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}

function hueOf(nickname) {
  let hash = 7;
  for (const character of nickname) hash = (hash * 31 + character.codePointAt(0)) % 3600;
  return Math.round(hash / 10);
}
