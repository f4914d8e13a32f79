import { formatAge, h, hueOf, icon, pidChip, plural } from "./elements.js";
import { ask } from "./source.js";

const MAX_SHOWN = 200;
const MAX_READ = 8;
const READ_EVERY_MS = 1_500;

/** Who is connected. A click filters everything to one, and shows what the table has of it. */
export class Connections {
  #box;
  #model;
  #onFilter;
  #onError;
  #details = new Map();
  #readAtMs = 0;

  constructor({ box, model, onFilter, onError }) {
    this.#box = box;
    this.#model = model;
    this.#onFilter = onFilter;
    this.#onError = onError;
    box.addEventListener("click", (event) => {
      const act = event.target.closest("[data-act]");
      if (act !== null) return void this.#act(act.dataset);
      const chosen = event.target.closest("[data-session]");
      if (chosen !== null) this.#onFilter(chosen.dataset.session);
    });
  }

  draw(filter) {
    const all = [...this.#model.sessions.values()].toSorted(
      (one, other) =>
        Number(Boolean(one.ended)) - Number(Boolean(other.ended)) || other.openedAtMs - one.openedAtMs,
    );
    const nowMs = Date.now();
    const items = all
      .slice(0, MAX_SHOWN)
      .map((session) => this.#drawOne(session, session.tag === filter, nowMs));
    if (all.length > MAX_SHOWN) items.push(h("li.note", {}, `and ${all.length - MAX_SHOWN} more`));
    if (all.length === 0) items.push(h("li.note", {}, "Nobody yet."));
    const focused = document.activeElement?.closest?.("[data-session]")?.dataset.session;
    this.#box.replaceChildren(...items);
    if (focused !== undefined) this.#box.querySelector(`[data-session="${focused}"]`)?.focus();
    void this.#read(all, filter);
  }

  #drawOne(session, isChosen, nowMs) {
    const { tag, transport, connection, pids, packets, ended, isDropped, openedAtMs } = session;
    const found = this.#details.get(tag);
    const rooms = [...new Set((found?.sockets ?? []).flatMap((socket) => socket.rooms))];
    const age = ended ? "ended" : formatAge(nowMs - openedAtMs);
    const state = typeof ended === "string" ? ended : isDropped ? "network dropped" : transport;
    return h(
      "li.connection",
      { hue: hueOf(tag), ...(ended ? { "data-ended": true } : {}) },
      h(
        "button.choose",
        { type: "button", dataset: { session: tag }, "aria-pressed": String(isChosen) },
        h("span.name", {}, tag.slice(0, 6)),
        h("span.facts", {}, `${age} · ${plural(packets, "packet")}`),
        h(
          "span.rooms",
          {},
          h(`span.transport${isDropped || ended ? ".bad" : ""}`, {}, state),
          rooms.slice(0, 6).map((room) => h("span.room", {}, room)),
          rooms.length > 6 && h("span.room", {}, `+${rooms.length - 6}`),
        ),
        h(
          "span.pids",
          {},
          [...pids].slice(-6).map(pidChip),
          pids.size > 6 && h("span.more", {}, `of ${pids.size} processes`),
        ),
      ),
      isChosen && this.#drawChosen(session, found),
      isChosen &&
        !ended &&
        connection !== undefined &&
        !isDropped &&
        h(
          "div.acts",
          {},
          actButton("drop", connection, "drop", "Drop its network"),
          actButton("expire", connection, "expire", "Expire it"),
        ),
    );
  }

  #drawChosen({ sid }, found) {
    if (found === undefined) return undefined;
    return h(
      "dl.table-row",
      {},
      h("div", {}, h("dt", {}, "sid"), h("dd", {}, h("code", {}, sid))),
      found.sockets.flatMap(({ nsp, id, data }) => [
        h("div", {}, h("dt", {}, `socket in ${nsp}`), h("dd", {}, h("code", {}, id))),
        h(
          "div",
          {},
          h("dt", {}, "data"),
          h(
            "dd",
            {},
            Object.keys(data).length === 0
              ? "none"
              : Object.entries(data).map(([name, value]) => h("code.datum", {}, `${name}: ${value}`)),
          ),
        ),
      ]),
    );
  }

  /** Of the chosen one and of the newest, now and then: each is a query of the table. */
  async #read(all, filter) {
    const nowMs = Date.now();
    if (nowMs - this.#readAtMs < READ_EVERY_MS) return;
    this.#readAtMs = nowMs;
    const alive = all.filter(({ ended, sid }) => !ended && sid !== undefined);
    const wanted = [
      ...alive.filter(({ tag }) => tag === filter),
      ...alive.filter(({ tag }) => tag !== filter),
    ].slice(0, MAX_READ);
    for (const session of wanted) {
      if (session.tag !== filter && session.readAt === session.packets) continue;
      session.readAt = session.packets;
      const found = await ask(`session?sid=${encodeURIComponent(session.sid)}`).catch(() => undefined);
      if (found === undefined || found.phase === "closed") {
        if (session.connection === undefined) this.#model.endSession(session, "closed");
      } else {
        this.#details.set(session.tag, found);
      }
    }
    for (const tag of this.#details.keys()) if (!this.#model.sessions.has(tag)) this.#details.delete(tag);
  }

  #act({ act, connection }) {
    ask("act", { action: act, connection }).catch((error) => this.#onError(error.message));
  }
}

const actButton = (action, connection, name, text) =>
  h("button.quiet", { type: "button", dataset: { act: action, connection } }, icon(name), text);
