import { Connections } from "./connections.js";
import { h, plural } from "./elements.js";
import { Instances } from "./instances.js";
import { drawJourney } from "./journey.js";
import { fill } from "./keyed-list.js";
import { Model } from "./model.js";
import { PacketList } from "./packet-list.js";
import { ShownRows } from "./shown-rows.js";
import { ask, listen } from "./source.js";
import { SwitchPanel } from "./switches.js";

/** The page is drawn so often at most; less often while more packets come in a second than anybody reads. */
const DRAW_EVERY_MS = 160;
const READABLE_PER_SECOND = 60;
const DRAW_FLOOD_EVERY_MS = 700;

const $ = (id) => document.getElementById(id);
const model = new Model();
const shown = new ShownRows();
const view = {
  session: undefined,
  words: [],
  showPings: false,
  paused: undefined,
  timer: undefined,
  drawnAtMs: 0,
  drawnPackets: 0,
  drawEveryMs: DRAW_EVERY_MS,
};

const showError = (message) => {
  $("problem").textContent = message;
  $("problem").hidden = false;
  setTimeout(() => ($("problem").hidden = true), 6_000);
};
const list = new PacketList({
  box: $("packets"),
  empty: $("empty"),
  latest: $("latest"),
  onSelect: (row) => showJourney(row),
});
const connections = new Connections({
  box: $("connections"),
  model,
  onFilter: (tag) => filterTo(tag === view.session ? undefined : tag),
  onError: showError,
});
const instances = new Instances({ box: $("instances"), model, onError: showError });
const switches = new SwitchPanel({ box: $("switches"), model, onError: showError });

listen(model, {
  onChange: () => draw(),
  onLive: (isLive) => {
    document.body.dataset.live = String(isLive);
    $("status").textContent = isLive ? "live" : "reconnecting";
  },
});
setInterval(() => draw(), 1_000);

/** Soon, and not more often than it is seen. */
function draw() {
  if (view.timer !== undefined) return;
  const waitMs = Math.max(0, view.drawEveryMs - (performance.now() - view.drawnAtMs));
  view.timer = setTimeout(() => requestAnimationFrame(drawNow), waitMs);
}

/** Somebody has done something, and waits to see it. */
function drawAtOnce() {
  clearTimeout(view.timer);
  view.timer = setTimeout(() => requestAnimationFrame(drawNow));
}

function drawNow() {
  view.timer = undefined;
  const nowMs = performance.now();
  const perSecond = ((model.packets - view.drawnPackets) * 1_000) / (nowMs - view.drawnAtMs);
  view.drawEveryMs = perSecond > READABLE_PER_SECOND ? DRAW_FLOOD_EVERY_MS : DRAW_EVERY_MS;
  view.drawnAtMs = nowMs;
  view.drawnPackets = model.packets;
  const rows = shown.of(view.paused ?? model.rows, view);
  list.show(rows);
  connections.draw(view.session);
  instances.draw();
  switches.draw();
  const { hello } = model;
  $("stack").textContent = hello === undefined ? "" : `${hello.stage} · ${hello.ordering}`;
  const open = [...model.sessions.values()].filter(({ ended }) => !ended).length;
  $("connections-count").textContent = String(open);
  $("instances-count").textContent = String(
    [...model.instances.values()].filter(({ state }) => state !== "ended").length,
  );
  $("packets-count").textContent = model.packets.toLocaleString("en");
  $("counts").textContent = [
    plural(rows.length, "row"),
    view.paused !== undefined && `paused, ${model.rows.length - view.paused.length} new`,
    model.forgotten > 0 && `${model.forgotten.toLocaleString("en")} older gone`,
    model.missed > 0 && `${model.missed.toLocaleString("en")} events dropped`,
  ]
    .filter(Boolean)
    .join(" · ");
  if (view.journeyOf !== undefined && view.paused === undefined) refreshJourney();
}

function filterTo(tag) {
  view.session = tag;
  $("filter").hidden = tag === undefined;
  $("filter-name").textContent = tag?.slice(0, 6) ?? "";
  drawAtOnce();
}

function pause(on) {
  view.paused = on ? [...model.rows] : undefined;
  $("pause").setAttribute("aria-pressed", String(on));
  document.body.toggleAttribute("data-paused", on);
  drawAtOnce();
}

function showJourney(row) {
  view.journeyOf = row;
  view.journeyText = undefined;
  document.body.toggleAttribute("data-detail", row !== undefined);
  $("journey-empty").hidden = row !== undefined;
  if (row === undefined) $("journey").replaceChildren();
  else refreshJourney();
}

/** Only what has changed since: somebody may be reading, or selecting text. */
function refreshJourney() {
  const row = view.journeyOf;
  const packet = row.cause ?? row;
  const text = JSON.stringify([
    packet.run,
    packet.table?.length,
    packet.posts?.length,
    packet.logs?.length,
    packet.batches?.length,
    packet.outcome,
    packet.again,
    packet.batches?.at(-1)?.invocation.ms,
    row.recipients?.length,
    row.key,
  ]);
  if (text === view.journeyText) return;
  view.journeyText = text;
  const drawn = drawJourney(row, model, {
    onSelect: (out) => list.select(out),
    onRepeat: ({ letter, text: frame }) =>
      ask("act", { action: "repeat", sid: letter.sid, text: frame }).catch((error) =>
        showError(error.message),
      ),
  });
  fill($("journey"), drawn);
}

$("search").addEventListener("input", () => {
  view.words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
  drawAtOnce();
});
$("pings").addEventListener("change", () => {
  view.showPings = $("pings").checked;
  drawAtOnce();
});
$("pause").addEventListener("click", () => pause(view.paused === undefined));
$("clear").addEventListener("click", () => {
  model.forget();
  if (view.paused !== undefined) pause(true);
  list.select(undefined);
  drawAtOnce();
});
$("filter").addEventListener("click", () => filterTo(undefined));
$("back").addEventListener("click", () => list.select(undefined));
for (const tab of document.querySelectorAll("[data-tab]")) {
  tab.addEventListener("click", () => showTab(tab.dataset.tab));
}

function showTab(name) {
  document.body.dataset.tab = name;
  for (const tab of document.querySelectorAll("[data-tab]")) {
    if (tab !== document.body) tab.setAttribute("aria-pressed", String(tab.dataset.tab === name));
  }
  drawAtOnce();
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === "Escape") return void escape();
  if (target.matches("input[type=search]")) return;
  const keys = {
    "/": () => $("search").focus(),
    p: () => pause(view.paused === undefined),
    ArrowDown: () => list.move(1),
    ArrowUp: () => list.move(-1),
    j: () => list.move(1),
    k: () => list.move(-1),
    PageDown: () => list.move(12),
    PageUp: () => list.move(-12),
    End: () => list.toEnd(),
  };
  // A slider has its own use for these.
  if (target.matches("input[type=range]") && /^(Arrow|Page|End)/.test(key)) return;
  const act = keys[key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/** From the inside out: what was searched, what is shown, to whom it is filtered. */
function escape() {
  if (document.activeElement === $("search") || view.words.length > 0) {
    $("search").value = "";
    view.words = [];
    $("search").blur();
    $("packets").focus();
  } else if (view.journeyOf !== undefined) {
    list.select(undefined);
  } else if (view.session !== undefined) {
    filterTo(undefined);
  }
  drawAtOnce();
}

$("keys").append(
  ...[
    ["/", "searches"],
    ["p", "pauses"],
    ["↑ ↓", "choose"],
    ["Esc", "goes back"],
  ].map(([key, what]) => h("span", {}, h("kbd", {}, key), ` ${what}`)),
);
