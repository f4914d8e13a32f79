import { described } from "../../described.ts";
import { CoreError } from "../../engine/errors.ts";
import { currentContext } from "../../engine/turn.ts";

/** Throws `core.live_bad_name`, `core.live_name_taken`, `core.registration_in_handler`. */
export function requireName(name: unknown, known: ReadonlyMap<string, unknown>): void {
  if (typeof name !== "string")
    throw new CoreError(
      "core.live_bad_name",
      `expected the name of a live value to be a string, got ${described(name)}`,
    );
  if (known.has(name))
    throw new CoreError(
      "core.live_name_taken",
      `expected a name for each live value, got ${JSON.stringify(name)} twice`,
      { evidence: { name } },
    );
  const turn = currentContext()?.turn;
  if (turn === undefined) return;
  throw new CoreError(
    "core.registration_in_handler",
    `expected live values to be declared where the app's module is loaded, got ${JSON.stringify(name)} inside ${turn.label}; ` +
      "no other instance would know it",
    { evidence: { turn: turn.label } },
  );
}
