import { h, hueOf, icon, plural } from "./elements.js";
import { ask } from "./source.js";

const states = { starting: "being born", idle: "idle", busy: "busy", frozen: "frozen", ended: "gone" };

/** The processes that run the functions: who is born, busy, frozen, killed. */
export class Instances {
  #box;
  #model;
  #onError;

  constructor({ box, model, onError }) {
    this.#box = box;
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
    const focused = document.activeElement?.dataset?.kill;
    this.#box.replaceChildren(
      ...[...groups]
        .toSorted(([one], [other]) => order(one) - order(other))
        .map(([name, group]) =>
          h(
            "li.group",
            {},
            h("h3", {}, name),
            h("ul", {}, group.toSorted((one, other) => one.pid - other.pid).map(drawOne)),
          ),
        ),
    );
    if (focused !== undefined) this.#box.querySelector(`[data-kill="${focused}"]`)?.focus();
  }
}

/** What runs the app comes first. */
const order = (name) => ["inbox", "poll", "http", "connect", "heartbeat"].indexOf(name) + 1 || 99;

function drawOne({ pid, state, invocations, reason }) {
  const isGone = state === "ended";
  return h(
    "li.instance",
    { hue: hueOf(pid), dataset: { state }, title: reason ?? "" },
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
