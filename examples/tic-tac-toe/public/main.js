/* global io */
import { showGame, showLobby, tick } from "./view.js";

const element = (id) => document.getElementById(id);
const stored = (key, make) =>
  localStorage.getItem(key) ?? (localStorage.setItem(key, make()), localStorage.getItem(key));

/** Who has this is that player, in whichever window. */
const player = stored("player", () => crypto.randomUUID());
const instances = new Set();
let kills = 0;
let socket;

const setPage = (page) => (document.body.dataset.page = page);

function tellStory(instance) {
  if (instance) instances.add(instance);
  const ended = kills === 0 ? "" : ` You have ended ${kills}.`;
  element("story").textContent =
    `Served by ${instances.size} process${instances.size === 1 ? "" : "es"} so far.${ended}`;
}

/** Asks, and asks again where the process that was asked has ended: of a move the board tells whether it was made. */
async function ask(errorPlace, event, ...args) {
  element(errorPlace).textContent = "";
  try {
    const answer = await socket.timeout(5_000).emitWithAck(event, ...args);
    if (answer.ok) tellStory(answer.instance);
    else element(errorPlace).textContent = answer.error;
  } catch {
    element(errorPlace).textContent = "No answer came. What you see is how it stands: try again.";
  }
}

function enter(name) {
  socket?.close();
  socket = io({ auth: { player, name }, reconnectionDelay: 200, reconnectionDelayMax: 1_000 });
  socket.on("connect", () => {
    localStorage.setItem("name", name);
    element("status").textContent = "Connected";
    element("name-error").textContent = "";
  });
  socket.on("disconnect", () => (element("status").textContent = "Reconnecting…"));
  socket.on("connect_error", (error) => {
    if (socket.active) return void (element("status").textContent = "Reconnecting…");
    element("name-error").textContent = error.message;
    setPage("welcome");
  });
  socket.on("welcome", ({ instance, mayKill, turnMs }) => {
    element("kill").hidden = !mayKill;
    element("clock").dataset.turnMs = turnMs;
    tellStory(instance);
  });
  socket.on("lobby", (games) => showLobby(games, (id) => ask("lobby-error", "sit", id)));
  socket.on("game", (view, you, instance) => {
    tellStory(instance);
    setPage(view === null ? "lobby" : "game");
    if (view) showGame(view, you, (cell) => ask("game-error", "move", cell));
  });
}

element("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  enter(element("name").value);
});
element("open").addEventListener("click", () => ask("lobby-error", "open"));
element("again").addEventListener("click", () => ask("game-error", "again"));
element("leave").addEventListener("click", () => ask("game-error", "leave"));
element("kill").addEventListener("click", () => {
  kills += 1;
  tellStory();
  socket.emit("kill");
});
setInterval(tick, 200);

element("name").value = localStorage.getItem("name") ?? "";
if (localStorage.getItem("name")) enter(localStorage.getItem("name"));
