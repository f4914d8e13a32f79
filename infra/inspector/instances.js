import { h, hueOf, icon, plural } from "./elements.js";
import { KeyedList } from "./keyed-list.js";
import { ask } from "./source.js";

const states = { starting: "being born", idle: "idle", busy: "busy", frozen: "frozen", ended: "gone" };

/** The processes that run the functions: who is born, busy, frozen, killed. */
export class Instances {
  #list;
  #model;
  #onError;

  constructor({ box, model, onError }) {
    this.#list = new KeyedList(box);
    this.#model = model;
    this.#onError = onError;
    box.addEventListener("click", (event) => {
      const button = event.target.closest("[data-kill]");
      if (button === null) return;
      ask("act", { action: "kill", pid: Number(button.dataset.kill) }).catch((error) =>
        this.#onError(error.message),
      );
    });
  }

  draw() {
    const groups = new Map();
    for (const instance of this.#model.instances.values()) {
      const group = groups.get(instance.function) ?? [];
      group.push(instance);
      groups.set(instance.function, group);
    }
    const items = [...groups]
      .toSorted(([one], [other]) => order(one) - order(other))
      .map(([name, group]) => {
        const shown = group.toSorted((one, other) => one.pid - other.pid).map(factsOf);
        return { key: name, facts: JSON.stringify(shown), build: () => drawGroup(name, shown) };
      });
    this.#list.show(items);
  }
}

/** What runs the app comes first. */
const order = (name) => ["inbox", "poll", "http", "connect", "heartbeat"].indexOf(name) + 1 || 99;

const factsOf = ({ pid, state, invocations, reason }) => ({ pid, state, invocations, reason });

const drawGroup = (name, group) => h("li.group", {}, h("h3", {}, name), h("ul", {}, group.map(drawOne)));

function drawOne({ pid, state, invocations, reason }) {
  const isGone = state === "ended";
  return h(
    "li.instance",
    { hue: hueOf(pid), dataset: { is: pid, state }, title: reason ?? "" },
    h("span.lamp", { "aria-hidden": true }),
    h("span.pid", {}, String(pid)),
    h("span.state", {}, isGone ? (reason ?? "gone").replace(/^signal: /, "") : states[state]),
    h("span.count", {}, plural(invocations, "run")),
    !isGone &&
      h(
        "button.kill",
        { type: "button", dataset: { kill: pid }, "aria-label": `Kill ${pid}`, title: "Kill it" },
        icon("close"),
      ),
  );
}
