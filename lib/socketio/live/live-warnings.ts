import type { LogFields, Logger } from "../../log.ts";
import type { Place } from "./live-value.ts";

/** What an app is told of its live values, once each. */
export class LiveWarnings {
  readonly #told = new Set<string>();
  readonly #logger: () => Logger | undefined;

  constructor(logger: () => Logger | undefined) {
    this.#logger = logger;
  }

  /** A handler is nowhere in sight. */
  tellOutside([place]: readonly Place[]): void {
    if (place === undefined) return;
    const { name } = place.value;
    const message =
      "a live value was changed outside of any handler; it is stored, but nothing waits for that: change it in handlers, io.timer, io.every";
    this.#tellOnce(`outside ${name}`, "error", message, { code: "core.live_outside_turn", name });
  }

  tellShared(places: readonly Place[]): void {
    const names = [...new Set(places.map(({ value }) => value.name))].toSorted();
    const message = "an object was put into two places, which have one each from here on";
    const at = places.map((place) => place.value.titleOf(place));
    this.#tellOnce(`shared ${names.join()}`, "warn", message, {
      code: "core.live_shared_object",
      names,
      at,
    });
  }

  tellUnfit(name: string): void {
    const message = "a live value has rows of another kind than it is declared with; they are left alone";
    this.#tellOnce(`kind ${name}`, "error", message, { code: "core.live_kind", name });
  }

  #tellOnce(about: string, level: "warn" | "error", message: string, fields: LogFields): void {
    if (this.#told.has(about)) return;
    this.#told.add(about);
    this.#logger()?.[level](message, fields);
  }
}
