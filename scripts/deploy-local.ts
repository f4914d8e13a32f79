import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { compileTemplate } from "../test/infra/compile.ts";
import { findPythonTool } from "./python-tools.ts";
import { standInRegion, startStandIn, type StandIn } from "./stand-in-aws.ts";
import { lookups } from "./stand-in-lookups.ts";

/**
 * `npm run deploy:local`: the real `serverless deploy` and `serverless remove`, with a stand-in for AWS in the place of
 * an account. Looks for each resource of the template where it should be, and lists what the stand-in knows nothing of.
 */

const stage = "local";
const stack = `nonsticky-${stage}`;
/** The bundle of the inbox with its map. The sources with what they depend on are a hundred times that. */
const MAX_ARCHIVE_BYTES = 2_000_000;
const root = path.dirname(import.meta.dirname);

const command = findPythonTool("moto_server");
if (command === undefined) process.exit(1);
const cwd = mkdtempSync(path.join(tmpdir(), "nonsticky-stand-in-"));
const aws = await startStandIn(command, cwd);
try {
  console.log(`stand-in for AWS, process ${aws.pid}, at ${aws.endpoint}`);
  process.exitCode = await deployAndRemove(command);
} finally {
  await aws.stop();
  rmSync(cwd, { recursive: true, force: true });
  // The package that lies there now is the stand-in's: `serverless deploy --package` would take it to an account.
  rmSync(path.join(root, ".serverless"), { recursive: true, force: true });
}

async function deployAndRemove(motoServer: string): Promise<number> {
  const template = await compileTemplate({ stage, ordering: "fifo" });
  const typeOf = new Map(Object.entries(template.Resources).map(([name, { Type }]) => [name, Type]));
  const types = [...new Set(typeOf.values())];
  const ignored = new Set(listIgnored(motoServer, types));
  const ofType = (type: string) => [...typeOf].filter((entry) => entry[1] === type).map(([name]) => name);
  const expected = new Map([...typeOf].filter((entry) => !ignored.has(entry[1])));

  if (!(await runFramework("deploy", ignored))) return fail("expected serverless deploy to succeed");
  const created = await listStackResources(aws);
  const problems = await lookFor(expected, created, true);

  console.log("\noutputs:");
  for (const [name, value] of await listOutputs(aws)) console.log(`  ${name.padEnd(32)} ${value}`);

  // A change that is nowhere but in `infra/` must not be taken for none: the framework skips what it thinks is deployed.
  const recovers = /"PointInTimeRecoveryEnabled":\s*(true|"true")/;
  const before = await readTemplate(aws);
  if (!(await runFramework("deploy", ignored, ["--param", "tablePointInTimeRecovery=true"]))) {
    return fail("expected a second deployment to succeed");
  }
  if (recovers.test(before) || !recovers.test(await readTemplate(aws))) {
    problems.push(
      "expected the second deployment to turn on the table's recovery, got the same template twice",
    );
  }
  if (!(await runFramework("deploy", ignored, ["function", "--function", "inbox", "--force"]))) {
    return fail("expected serverless deploy function to succeed");
  }
  problems.push(...(await lookAtFunction(aws)));

  // The stand-in replaces what it should change in place, and leaves the old one where it is.
  const replaced = await listStackResources(aws);

  console.log("\ncreated and found:");
  for (const type of types.filter((one) => !ignored.has(one)).sort()) {
    console.log(
      `  ${type.padEnd(32)} ${ofType(type).join(", ")}${type in lookups ? "" : " (as the stack says)"}`,
    );
  }
  console.log("\nnot created, the stand-in knows nothing of it:");
  for (const type of [...ignored].sort()) {
    console.log(`  ${type.padEnd(40)} ${ofType(type).length}`);
  }

  if (!(await runFramework("remove", ignored))) return fail("expected serverless remove to succeed");
  problems.push(...(await lookFor(expected, replaced, false)));
  if ((await listStackResources(aws)).size > 0) problems.push("expected no stack to be left, got one");
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) return 1;
  console.log(`\n${expected.size} resources of ${typeOf.size} created, and gone again`);
  return 0;
}

/** Those of the types that moto's CloudFormation skips, by what moto itself says. */
function listIgnored(motoServer: string, types: readonly string[]): readonly string[] {
  const script = `
import json, sys
from moto.cloudformation.parsing import resource_class_from_type
types = json.load(sys.stdin)
ignored = [one for one in types if resource_class_from_type(one) is None]
json.dump(ignored, sys.stderr)`;
  const beside = path.join(path.dirname(motoServer), "python3");
  const { status, stderr } = spawnSync(existsSync(beside) ? beside : "python3", ["-c", script], {
    input: JSON.stringify(types),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`expected moto to tell which types it knows, got\n${stderr}`);
  return JSON.parse(stderr.slice(stderr.lastIndexOf("["))) as readonly string[];
}

function runFramework(
  name: "deploy" | "remove",
  ignored: ReadonlySet<string>,
  more: readonly string[] = [],
): Promise<boolean> {
  const { HOME, PATH, TMPDIR } = process.env;
  const child = spawn(
    process.execPath,
    [
      ...["--import", import.meta.resolve("tsx"), path.join(import.meta.dirname, "stand-in-framework.ts")],
      ...[name, "--stage", stage, "--region", standInRegion, ...more],
    ],
    {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      // Nothing of the shell's own AWS variables: no account may be meant by accident.
      env: {
        HOME,
        PATH,
        TMPDIR,
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_REGION: standInRegion,
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_SHARED_CREDENTIALS_FILE: path.join(cwd, "none"),
        AWS_CONFIG_FILE: path.join(cwd, "none"),
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
        SLS_NOTIFICATIONS_MODE: "off",
        SLS_AWS_MONITORING_FREQUENCY: "200",
        STAND_IN_IGNORES: JSON.stringify([...ignored]),
      },
    },
  );
  return new Promise((resolve) => child.once("close", (code) => resolve(code === 0)));
}

/** A function that was deployed by itself has its bundle and nothing else, and the role that the stack gave it. */
async function lookAtFunction({ call }: StandIn): Promise<string[]> {
  const url = `/2015-03-31/functions/${stack}-inbox`;
  const { text } = await call({ service: "lambda", path: url });
  const { CodeSize, Role = "" } = (JSON.parse(text) as { Configuration: { CodeSize: number; Role?: string } })
    .Configuration;
  const problems = [];
  if (CodeSize > MAX_ARCHIVE_BYTES)
    problems.push(`expected the archive of one bundle, got ${CodeSize} bytes`);
  if (!Role.includes("InboxRole")) problems.push(`expected the function to keep its role, got ${Role}`);
  return problems;
}

/** What is not as it should be, in words. */
async function lookFor(
  expected: ReadonlyMap<string, string>,
  created: ReadonlyMap<string, string>,
  isThere: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [name, type] of expected) {
    const id = created.get(name);
    if (id === undefined) {
      if (isThere) problems.push(`expected the stack to have ${name}, got none`);
      continue;
    }
    const lookup = lookups[type];
    if (lookup === undefined || id === "") continue;
    const { status, text } = await aws.call(lookup(id));
    if ((status === 200) === isThere) continue;
    problems.push(
      `expected ${name} (${id}) ${isThere ? "to be there" : "to be gone"}, got ${status} ${text}`,
    );
  }
  return problems;
}

/** Physical ids by logical ones; empty when there is no such stack. */
async function listStackResources({ call }: StandIn): Promise<ReadonlyMap<string, string>> {
  const { status, text } = await call({
    service: "cloudformation",
    form: { Action: "DescribeStackResources", Version: "2010-05-15", StackName: stack },
  });
  return new Map(status === 200 ? readPairs(text, "LogicalResourceId", "PhysicalResourceId") : []);
}

async function readTemplate({ call }: StandIn): Promise<string> {
  const { text } = await call({
    service: "cloudformation",
    form: { Action: "GetTemplate", Version: "2010-05-15", StackName: stack },
  });
  return unescapeXml(text);
}

async function listOutputs({ call }: StandIn): Promise<[string, string][]> {
  const { text } = await call({
    service: "cloudformation",
    form: { Action: "DescribeStacks", Version: "2010-05-15", StackName: stack },
  });
  return readPairs(text, "OutputKey", "OutputValue");
}

/** Two texts of each member of a list: the second is empty where there is none. */
function readPairs(xml: string, first: string, second: string): [string, string][] {
  const read = (member: string, tag: string) =>
    unescapeXml(new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(member)?.[1] ?? "");
  return xml
    .split("<member>")
    .map((member): [string, string] => [read(member, first), read(member, second)])
    .filter(([name]) => name !== "");
}

function unescapeXml(text: string): string {
  return text.replaceAll(/&(quot|#34);/g, '"').replaceAll("&amp;", "&");
}

function fail(problem: string): number {
  console.error(problem);
  return 1;
}
