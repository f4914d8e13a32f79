import { Chat } from "./chat.js";
import { View } from "./view.js";

const $ = (id) => document.getElementById(id);
const remembered = readRemembered();
const invitedTo = readInvitation();

const chat = new Chat(window.io);
const view = new View(chat, {
  open: (name) => {
    chat.open(name);
    closeDrawers();
    focusComposer();
  },
  join,
  sendAgain: (entry) => chat.sendAgain(entry),
});

if (invitedTo && invitedTo !== "lobby") {
  $("invite").textContent = `You are invited to #${invitedTo}.`;
  $("invite").hidden = false;
}
$("nickname").value = remembered.nickname;
if (remembered.nickname) void enter();

$("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  void enter();
});

async function enter() {
  const button = $("enter").querySelector("button");
  button.disabled = true;
  $("enter-error").textContent = "";
  const rooms = [...new Set([...remembered.rooms, invitedTo])].filter(Boolean);
  const slow = setTimeout(() => ($("enter-error").textContent = "Still trying to reach the server…"), 4_000);
  const answer = await chat.start($("nickname").value, rooms);
  clearTimeout(slow);
  button.disabled = false;
  $("enter-error").textContent = answer.ok ? "" : answer.error;
  if (!answer.ok) {
    $("nickname").select();
    return;
  }
  view.enterRoom();
  if (chat.rooms.has(invitedTo)) chat.open(invitedTo);
  focusComposer();
}

async function join(name) {
  $("room-error").textContent = "";
  const answer = await chat.join(name);
  $("room-error").textContent = answer.ok ? "" : answer.error;
  if (!answer.ok) return;
  $("room-name").value = "";
  closeDrawers();
  focusComposer();
}

chat.addEventListener("change", ({ detail }) => {
  if (detail.what === "current") history.replaceState(null, "", `#${encodeURIComponent(chat.current)}`);
  if (detail.what === "current" || detail.what === "rooms") remember();
  if (detail.what === "current") fitComposer();
});

$("new-room").addEventListener("submit", (event) => {
  event.preventDefault();
  if ($("room-name").value.trim()) void join($("room-name").value);
});
$("leave").addEventListener("click", () => void chat.leave(chat.current));
$("reconnect").addEventListener("click", () => chat.reconnect());
$("to-latest").addEventListener("click", () => view.scrollToLatest("smooth"));

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
$("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send();
});
$("text").addEventListener("input", () => {
  chat.room.draft = $("text").value;
  chat.typed($("text").value.trim() !== "");
  fitComposer();
});

function send() {
  const text = $("text").value.trim();
  if (!text) return;
  $("text").value = "";
  chat.room.draft = "";
  fitComposer();
  chat.say(text);
  $("text").focus();
}

function fitComposer() {
  $("text").style.height = "auto";
  $("text").style.height = `${$("text").scrollHeight}px`;
}

/** Not on touch screens, where focus would raise the keyboard over what one came to read. */
function focusComposer() {
  if (matchMedia("(hover: hover)").matches) $("text").focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeDrawers();
  if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown") || !chat.room) return;
  event.preventDefault();
  const names = [...chat.rooms.keys()];
  const step = event.key === "ArrowDown" ? 1 : names.length - 1;
  chat.open(names[(names.indexOf(chat.current) + step) % names.length]);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) chat.read();
});

const drawers = [
  { button: $("show-side"), panel: $("side") },
  { button: $("show-people"), panel: $("roster") },
];
for (const { button, panel } of drawers) {
  button.addEventListener("click", () => {
    panel.classList.add("open");
    button.setAttribute("aria-expanded", "true");
    $("scrim").hidden = false;
    $("room").inert = true;
    panel.querySelector("[data-close]").focus();
    if (panel === $("side")) void chat.refreshOpenRooms();
  });
  panel.querySelector("[data-close]").addEventListener("click", closeDrawers);
}
$("scrim").addEventListener("click", closeDrawers);

matchMedia("(min-width: 68rem)").addEventListener("change", closeDrawers);

function closeDrawers() {
  $("room").inert = false;
  for (const { button, panel } of drawers) {
    if (!panel.classList.contains("open")) continue;
    panel.classList.remove("open");
    button.setAttribute("aria-expanded", "false");
    button.focus();
  }
  $("scrim").hidden = true;
}

/** For a reload of this tab; another tab may be somebody else. */
function remember() {
  const rooms = [...chat.rooms.keys()];
  if (rooms.length > 0) sessionStorage.setItem("chat", JSON.stringify({ nickname: chat.me.nickname, rooms }));
}

function readInvitation() {
  try {
    return decodeURIComponent(location.hash.slice(1));
  } catch {
    return "";
  }
}

function readRemembered() {
  try {
    const { nickname, rooms } = JSON.parse(sessionStorage.getItem("chat"));
    return { nickname: String(nickname), rooms: rooms.map(String) };
  } catch {
    return { nickname: "", rooms: [] };
  }
}
