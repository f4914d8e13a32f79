import { CoreError } from "../../engine/errors.ts";
import type { ReplayPorts } from "../replay/replay-ports.ts";
import { report } from "./commit.ts";
import type { Group } from "./groups.ts";
import type { Place } from "./live-value.ts";

/** What of a group's changes cannot be stored: told once for each value and code, of however many keys. */
export class Refused {
  readonly #found = new Map<string, { readonly name: string; readonly first: CoreError; more: number }>();

  add({ value: { name } }: Place, error: CoreError): void {
    const about = `${error.code} ${name}`;
    const found = this.#found.get(about);
    if (found) found.more += 1;
    else this.#found.set(about, { name, first: error, more: 0 });
  }

  tell(ports: ReplayPorts, group: Group): void {
    for (const { name, first, more } of this.#found.values()) {
      if (more === 0) report(ports, group, first);
      else {
        const { code, message, evidence } = first;
        const words = `${message}. The same is true of ${more} more of ${JSON.stringify(name)}`;
        report(ports, group, new CoreError(code, words, { evidence: { ...evidence, more } }));
      }
    }
  }
}
