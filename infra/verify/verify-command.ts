import { checks } from "./checks.ts";
import { parseVerifyOptions, usage, UsageError, type VerifyOptions } from "./options.ts";
import { describeFinding, exitCodeOf, summarise, writeReport } from "./report.ts";
import { runChecks } from "./runner.ts";
import { Stage } from "./stage.ts";

/** Checks a deployed stack and prints what it finds. Sets the exit code: 1 if something is different, 2 if it could not look. */
export async function runVerify(args: readonly string[]): Promise<void> {
  if (args.includes("--help"))
    return console.log(`${usage}\n\nchecks: ${checks.map(({ id }) => id).join(", ")}`);
  let options: VerifyOptions;
  try {
    options = parseVerifyOptions(args, process.env);
    assertKnown(options.only);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
    return;
  }
  const { url, only, json } = options;
  const chosen = only.length === 0 ? checks : checks.filter(({ id }) => only.includes(id));
  console.log(`${chosen.length} checks of ${url}\n`);
  const findings = await runChecks(chosen, new Stage(options), (finding) =>
    console.log(`${describeFinding(finding)}\n`),
  );
  console.log(summarise(findings));
  if (json !== undefined) await writeReport(json, url, findings);
  process.exitCode = exitCodeOf(findings);
}

function assertKnown(only: readonly string[]): void {
  const known = checks.map(({ id }) => id);
  const unknown = only.filter((id) => !known.includes(id));
  if (unknown.length === 0) return;
  throw new UsageError(`expected --only to name some of ${known.join(", ")}, got ${unknown.join(", ")}`);
}
