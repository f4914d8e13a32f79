import { CoreError } from "../../engine/errors.ts";
import { currentRun } from "./listener-run.ts";
import { pack, unpack } from "./packed-value.ts";
import { handlingOf } from "./registration.ts";
import { currentContext } from "../../engine/turn.ts";

/** Most that all results of one run may take, packed, where they are kept for replays. */
const MAX_RESULTS_BYTES = 16 * 1024;

type Outcome = { readonly value: unknown } | { readonly error: KeptError } | { readonly tooLarge: true };

interface KeptError {
  readonly code: string;
  readonly message: string;
  readonly responses?: unknown;
}

/**
 * Something that the app's code asks the library for and waits for. In a live run of a listener that is replayed, the
 * result is kept; in a replay it is the result of the live run. Everywhere else `ask` is simply called.
 *
 * `again` says what a replay does whose result was too large to keep: reading once more is harmless, asking a client
 * once more is not.
 */
export async function recorded<T>(ask: () => Promise<T>, again: "ask" | "refuse"): Promise<T> {
  const context = currentContext();
  const run = currentRun();
  if (run === undefined) return context?.mode === "replay" && again === "refuse" ? forever() : ask();
  const key = run.nextKey();
  if (context?.mode === "replay") {
    const kept = await run.recall(key);
    // The live run waits for it itself, so what comes after it has not happened.
    if (kept === undefined) return forever();
    const outcome = unpack(kept) as Outcome;
    if ("value" in outcome) return outcome.value as T;
    if ("error" in outcome) throw revive(outcome.error);
    return again === "ask" ? ask() : forever();
  }
  let outcome: Outcome;
  let result: { readonly value: T } | { readonly thrown: unknown };
  try {
    result = { value: await ask() };
    outcome = { value: result.value };
  } catch (thrown) {
    result = { thrown };
    outcome = { error: toKept(thrown) };
  }
  const packed = pack(outcome);
  const kept = [...run.results.values()].reduce((sum, text) => sum + text.length, 0);
  const fits = kept + packed.length <= MAX_RESULTS_BYTES;
  const handling = context && handlingOf(context.turn);
  const isReplayed = run.isStored || (handling?.run === run.whole && handling.isJournaled);
  if (!fits && isReplayed && again === "refuse") {
    throw new CoreError(
      "core.journal_full",
      `expected what a listener awaits of its clients to take up to ${MAX_RESULTS_BYTES} bytes in all, got ${kept + packed.length}; ` +
        "it is kept for every later packet of the socket: ask in an event handler, or keep what matters in socket.data",
      { evidence: { bytes: kept + packed.length } },
    );
  }
  // Of a handler that has changed no handlers so far, so that it is at hand should it do so yet.
  await run.keep(key, fits || again === "refuse" ? packed : pack({ tooLarge: true }));
  if ("thrown" in result) throw result.thrown;
  return result.value;
}

/** A promise for what does not happen in this run. */
const forever = (): Promise<never> => new Promise(() => undefined);

function toKept(thrown: unknown): KeptError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = thrown instanceof CoreError ? thrown.code : "core.ack_timeout";
  const isPartial = thrown instanceof Error && "responses" in thrown;
  return { code, message, ...(isPartial ? { responses: thrown.responses } : {}) };
}

const revive = ({ code, message, responses }: KeptError): Error =>
  Object.assign(new CoreError(code, message), responses === undefined ? {} : { responses });
