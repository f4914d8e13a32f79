import { StateError } from "./errors.ts";

/**
 * How the number of a room's members is written together with a membership: in one of two forms, each with the
 * condition that it needs. `grow` IF somebody is in the room, `create` IF nobody is; `shrink` IF somebody else is,
 * `empty` IF nobody else is.
 */
export type CountForm = "grow" | "create" | "shrink" | "empty";

export interface CountSteps {
  /** How many are in the room: a guess, as long as nothing is written. */
  guess(): Promise<number>;
  /** `unchanged`: the membership is as it is to be already. `refused`: the number is not what the form needs. */
  write(form: CountForm): Promise<"done" | "unchanged" | "refused">;
}

/** A room that is made and emptied again between any two requests of ours is nobody's room. */
const MAX_REFUSALS = 50;

/**
 *     a: guesses 0            b: guesses 0
 *     a: create → done
 *                             b: create → refused, so somebody is there: grow → done
 */
export async function enterByCount({ guess, write }: CountSteps): Promise<"created" | "joined" | "present"> {
  const form = (await guess()) > 0 ? "grow" : "create";
  const done = await writeEither(write, form, form === "grow" ? "create" : "grow");
  return done === undefined ? "present" : done === "create" ? "created" : "joined";
}

/**
 *     a: guesses 2            b: guesses 2
 *     a: shrink → done
 *                             b: shrink → refused, so nobody else is there: empty → done
 */
export async function exitByCount({ guess, write }: CountSteps): Promise<"deleted" | "left" | "absent"> {
  const form = (await guess()) > 1 ? "shrink" : "empty";
  const done = await writeEither(write, form, form === "shrink" ? "empty" : "shrink");
  return done === undefined ? "absent" : done === "empty" ? "deleted" : "left";
}

/** The form that was done; undefined: there was nothing to do. */
async function writeEither(
  write: CountSteps["write"],
  first: CountForm,
  second: CountForm,
): Promise<CountForm | undefined> {
  for (let refusals = 0; refusals < MAX_REFUSALS; refusals++) {
    const form = refusals % 2 === 0 ? first : second;
    const outcome = await write(form);
    if (outcome === "unchanged") return undefined;
    if (outcome === "done") return form;
  }
  throw new StateError(
    "state.room_contended",
    `expected a room to be empty or not, got ${MAX_REFUSALS} changes of that in a row`,
    { refusals: MAX_REFUSALS },
  );
}
