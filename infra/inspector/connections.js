import { drawConnection, factsOf } from "./connection-card.js";
import { h } from "./elements.js";
import { KeyedList } from "./keyed-list.js";
import { ask } from "./source.js";

const MAX_SHOWN = 200;
const MAX_READ = 6;
const READ_EVERY_MS = 1_500;

/** Who is connected. A click filters everything to one, and shows what the table has of it. */
export class Connections {
  #list;
  #model;
  #onFilter;
  #onError;
  #details = new Map();
  #readAtMs = 0;

  constructor({ box, model, onFilter, onError }) {
    this.#list = new KeyedList(box);
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
    const items = all.slice(0, MAX_SHOWN).map((session) => {
      const facts = factsOf(session, this.#details.get(session.tag), session.tag === filter, nowMs);
      return { key: session.tag, facts: JSON.stringify(facts), build: () => drawConnection(facts) };
    });
    const note =
      all.length === 0 ? "Nobody yet." : all.length > MAX_SHOWN ? `and ${all.length - MAX_SHOWN} more` : "";
    if (note !== "") items.push({ key: undefined, facts: note, build: () => h("li.note", {}, note) });
    this.#list.show(items);
    void this.#read(all, filter);
  }

  /** Of the chosen one and of the newest, now and then: each is a query of the table. */
  async #read(all, filter) {
    const nowMs = Date.now();
    if (nowMs - this.#readAtMs < READ_EVERY_MS) return;
    this.#readAtMs = nowMs;
    const isChosen = ({ tag }) => tag === filter;
    const changed = all.filter((one) => !one.ended && (isChosen(one) || one.readAt !== one.packets));
    const wanted = [...changed.filter(isChosen), ...changed.filter((one) => !isChosen(one))];
    for (const session of wanted.slice(0, MAX_READ)) {
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
