import { ask } from "./source.js";

/** The switches of the runtime, as they are, whoever has set them. */
export class SwitchPanel {
  #box;
  #model;
  /** Names of those that have been set here, and of which nobody has said yet that they are. */
  #asked = new Set();

  constructor({ box, model, onError }) {
    this.#box = box;
    this.#model = model;
    const send = async (name, value) => {
      this.#asked.add(name);
      try {
        this.#model.switches = await ask("switches", { [name]: value });
      } catch (error) {
        onError(error.message);
      }
      this.#asked.delete(name);
    };
    for (const input of box.querySelectorAll("input")) {
      const isRange = input.type === "range";
      input.addEventListener("change", () =>
        send(input.name, isRange ? Number(input.value) / 100 : input.checked),
      );
      if (isRange) input.addEventListener("input", () => this.#write(input.name, Number(input.value) / 100));
    }
  }

  draw() {
    for (const input of this.#box.querySelectorAll("input")) {
      if (this.#asked.has(input.name)) continue;
      const value = this.#model.switches[input.name];
      // Not under somebody's finger.
      if (input.type === "range") {
        if (document.activeElement === input && input.matches(":active")) continue;
        input.value = String(Math.round(value * 100));
        this.#write(input.name, value);
      } else {
        input.checked = value;
      }
    }
    const isOn = Object.values(this.#model.switches).some(Boolean);
    this.#box.toggleAttribute("data-on", isOn);
  }

  #write(name, value) {
    this.#box.querySelector(`output[for="${name}"]`).value =
      value === 0 ? "off" : `${Math.round(value * 100)} %`;
  }
}
