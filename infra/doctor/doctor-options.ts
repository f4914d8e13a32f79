import { parseArgs } from "node:util";
import { DoctorError } from "./doctor-error.ts";

export interface DoctorOptions {
  readonly file: string;
  readonly fix: boolean;
  readonly json: boolean;
}

export const usage = `nonsticky doctor FILE [options]
  Looks for what in an app relies on the process staying: in FILE and what it imports. Nothing of it is run.
  --fix    rewrites what can be rewritten mechanically, and reports the rest
  --json   {"findings":[{"file","line","pattern","name","message"}]}
  Ends with 0 if nothing is found, 1 with findings, 2 if it cannot look.`;

/** Reads the command line. Throws a `DoctorError` that says what it takes and what came. */
export function parseDoctorOptions(args: readonly string[]): DoctorOptions {
  const { values, positionals } = readArgs(args);
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) {
    throw new DoctorError(`expected one module to look at, got ${positionals.length}\n\n${usage}`);
  }
  return { file, fix: values.fix ?? false, json: values.json ?? false };
}

function readArgs(args: readonly string[]) {
  try {
    const options = { fix: { type: "boolean" }, json: { type: "boolean" } } as const;
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  } catch (error) {
    const [first] = (error as Error).message.split("\n");
    throw new DoctorError(`expected the options below, got: ${first}\n\n${usage}`);
  }
}
