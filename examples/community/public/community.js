/* global io -- socket.io.js, served beside this page */

const TYPING_MS = 3_000;
const $ = (id) => document.getElementById(id);

let socket;
let me;
/** Whom the next message is whispered to; undefined: it is for everybody. */
let target;
const people = new Map();
const typers = new Map();
/** A message that came again after a reconnection is shown once. */
const shown = new Set();

const hueOf = (id) => [...id].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);

function element(name, { text, hue, ...properties } = {}) {
  const made = Object.assign(document.createElement(name), properties);
  if (text !== undefined) made.textContent = text;
  if (hue !== undefined) made.style.setProperty("--hue", hue);
  return made;
}

function append(line) {
  const list = $("conversation");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  list.append(line);
  if (isAtEnd) list.scrollTop = list.scrollHeight;
  return line;
}

const note = (text) => append(element("li", { className: "note", text }));

function showMessage({ id, from, text }, { detail, isWhisper = false } = {}) {
  if (id !== undefined && shown.has(id)) return undefined;
  shown.add(id);
  const line = element("li", {
    className: isWhisper ? "message whisper" : "message",
    hue: hueOf(from.userId),
  });
  line.append(element("b", { text: from.name }), ` ${text}`);
  if (detail !== undefined) line.append(element("small", { text: detail }));
  setTyping(from.userId, false);
  return append(line);
}

function showPeople() {
  const rows = [...people.values()]
    .sort((a, b) => a.name.localeCompare(b.name))
    .map((person) => {
      const isMe = person.userId === me.userId;
      const button = element("button", {
        type: "button",
        text: isMe ? `${person.name} (you)` : person.name,
        title: isMe ? "" : `Whisper to ${person.name}`,
        hue: hueOf(person.userId),
        disabled: isMe,
        onclick: () => aim(target?.userId === person.userId ? undefined : person),
      });
      button.setAttribute("aria-pressed", String(target?.userId === person.userId));
      const row = element("li");
      row.append(button);
      return row;
    });
  $("people").replaceChildren(...rows);
}

function aim(person) {
  target = person;
  $("target").hidden = person === undefined;
  $("target").textContent = person === undefined ? "" : `to ${person.name} ×`;
  $("text").placeholder = person === undefined ? "Say something to everybody" : `Whisper to ${person.name}`;
  $("text").focus();
  showPeople();
}

function setTyping(userId, isTyping) {
  clearTimeout(typers.get(userId));
  typers.delete(userId);
  // One that leaves in mid-word says nothing any more.
  if (isTyping)
    typers.set(
      userId,
      setTimeout(() => setTyping(userId, false), TYPING_MS + 1_000),
    );
  const names = [...typers.keys()].map((id) => people.get(id)?.name).filter(Boolean);
  const verb = names.length === 1 ? "is" : "are";
  $("typing").textContent = names.length === 0 ? "" : `${names.join(", ")} ${verb} typing…`;
}

function showState(text, isAway = false) {
  $("state").textContent = text;
  $("state").classList.toggle("away", isAway);
}

function enter(name) {
  me = { userId: name.toLowerCase(), name };
  sessionStorage.setItem("name", name);
  socket?.disconnect();
  socket = io({ auth: me });

  socket.on("connect", () => {
    $("welcome").hidden = true;
    $("room").hidden = false;
    showState(socket.recovered ? "connected again, nothing missed" : "connected");
    aim(target);
  });
  socket.on("disconnect", () => showState("away, coming back…", true));
  socket.on("connect_error", ({ message, data }) => {
    if (socket.active) return showState("away, coming back…", true);
    $("refused").hidden = false;
    $("refused").textContent =
      data === undefined ? message : `${message} Expected ${data.expected.join(", ")}.`;
  });

  socket.on("people", (here) => {
    people.clear();
    for (const person of here) people.set(person.userId, person);
    showPeople();
  });
  socket.on("came", (person) => {
    if (!people.has(person.userId)) note(`${person.name} came`);
    people.set(person.userId, person);
    showPeople();
  });
  socket.on("went", (userId) => {
    // Heard by whoever comes back, too, of itself.
    if (userId === me.userId || !people.has(userId)) return;
    note(`${people.get(userId).name} went`);
    people.delete(userId);
    if (target?.userId === userId) aim(undefined);
    showPeople();
  });
  socket.on("said", (message) => showMessage(message));
  socket.on("typing", (userId, isTyping) => setTyping(userId, isTyping));
  socket.on("whispered", (message, ack) => {
    const isMine = message.from.userId === me.userId;
    const detail = isMine ? `whispered to ${people.get(message.to)?.name ?? message.to}` : "whispers to you";
    showMessage(message, { isWhisper: true, detail });
    // To my other tabs it comes without a question. With recovery its last argument is then an offset.
    if (typeof ack === "function") ack(document.visibilityState === "visible");
  });
}

async function send(text) {
  if (target === undefined) {
    const { ok, error } = await socket.timeout(10_000).emitWithAck("say", text);
    if (!ok) note(error);
    return;
  }
  const line = showMessage({ from: me, text }, { isWhisper: true, detail: `whispering to ${target.name}…` });
  const { name, userId } = target;
  const { ok, error, read } = await socket.timeout(10_000).emitWithAck("whisper", userId, text);
  const receipt = read > 0 ? `read by ${name}` : `sent to ${name}, not read yet`;
  line.querySelector("small").textContent = ok ? receipt : error;
}

let toldTypingAtMs = -Infinity;

$("text").addEventListener("input", () => {
  const nowMs = performance.now();
  if (!socket.connected || target !== undefined || nowMs - toldTypingAtMs < TYPING_MS) return;
  toldTypingAtMs = nowMs;
  socket.emit("typing", true);
});

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text === "") return;
  $("text").value = "";
  toldTypingAtMs = -Infinity;
  await send(text).catch(() => note(`no answer; perhaps nobody heard “${text}”`));
});

$("target").addEventListener("click", () => aim(undefined));

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("name").value.trim();
  if (name !== "") enter(name);
});

$("name").value = sessionStorage.getItem("name") ?? "";
if ($("name").value !== "") enter($("name").value);
