import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { compileTemplate, type CompileOptions } from "../test/infra/compile.ts";
import { findPythonTool } from "./python-tools.ts";

/**
 * `npm run lint:template`: what would be deployed, in every variant, against the schemas of CloudFormation. Errors fail,
 * and so do warnings that nobody has given a reason for.
 */

const variants: Readonly<Record<string, CompileOptions>> = {
  "dev-fifo": { stage: "dev", ordering: "fifo" },
  "dev-direct": { stage: "dev", ordering: "direct" },
  "dev-fifo-edge": { stage: "dev", ordering: "fifo", params: { edge: "true", http: "true" } },
  "dev-direct-edge": { stage: "dev", ordering: "direct", params: { edge: "true" } },
  "prod-fifo": { stage: "prod", ordering: "fifo" },
  "prod-everything": {
    stage: "prod",
    ordering: "fifo",
    params: {
      edge: "true",
      domain: "chat.example.com",
      certificate: "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555",
      alarmTopic: "arn:aws:sns:us-east-1:123456789012:alarms",
      pollConcurrency: "100",
      mailboxPollers: "2",
      tracing: "true",
      websocketLog: "true",
    },
  },
  "prod-unwatched": { stage: "prod", ordering: "direct", params: { monitoring: "false" } },
};

/** Warnings that stay, and why. `where` is the path in the template. */
const accepted: readonly { readonly rule: string; readonly where: RegExp; readonly why: string }[] = [
  {
    rule: "W3005",
    where: /^Resources\/(\w+LambdaFunction|\w+LambdaPermissionWebsockets|HttpApi(Stage|Route\w+))\/DependsOn/,
    why: "the framework writes a dependency beside the reference that makes it; one of them is enough",
  },
];

/** The part of cfn-lint's JSON that is read here. */
interface Finding {
  readonly Filename: string;
  readonly Level: "Error" | "Warning" | "Informational";
  readonly Message: string;
  readonly Rule: { readonly Id: string };
  readonly Location: { readonly Path: readonly (string | number)[] | null };
}

const linter = findPythonTool("cfn-lint");
if (linter === undefined) process.exit(1);

const folder = mkdtempSync(path.join(tmpdir(), "nonsticky-lint-"));
try {
  process.exitCode = await lint(linter, folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function lint(command: string, directory: string): Promise<number> {
  const files: string[] = [];
  for (const [name, options] of Object.entries(variants)) {
    const file = path.join(directory, `${name}.json`);
    writeFileSync(file, JSON.stringify(await compileTemplate(options)));
    files.push(file);
  }
  const run = spawnSync(command, ["--format", "json", "--regions", "us-east-1", "--", ...files], {
    encoding: "utf8",
    maxBuffer: 64e6,
  });
  // Its exit code is a set of bits for the levels found; anything else is a failure to run.
  if (run.status === null || run.status > 14) {
    console.error(`expected cfn-lint to run, got exit code ${run.status}\n${run.stderr}`);
    return 1;
  }
  const findings = JSON.parse(run.stdout) as readonly Finding[];
  const counts = new Map(accepted.map((entry) => [entry, 0]));
  const unknown: string[] = [];
  for (const { Filename, Level, Message, Rule, Location } of findings) {
    const where = (Location.Path ?? []).join("/");
    const entry = accepted.find((one) => one.rule === Rule.Id && one.where.test(where));
    if (entry !== undefined && Level !== "Error") counts.set(entry, (counts.get(entry) ?? 0) + 1);
    else unknown.push(`${path.basename(Filename, ".json")}: ${Level} ${Rule.Id} at ${where}: ${Message}`);
  }
  console.log(`${files.length} variants: ${Object.keys(variants).join(", ")}`);
  for (const [{ rule, why }, count] of counts) console.log(`accepted: ${rule}, ${count} times: ${why}`);
  for (const line of unknown) console.error(line);
  for (const [{ rule }, count] of counts) {
    if (count === 0) unknown.push(rule);
    if (count === 0) console.error(`expected ${rule} to be found as long as it is accepted, got none`);
  }
  console.log(unknown.length === 0 ? "no error, no warning without a reason" : `${unknown.length} problems`);
  return unknown.length === 0 ? 0 : 1;
}
