#!/usr/bin/env node

interface Command {
  readonly summary: string;
  readonly run: (args: readonly string[]) => Promise<void>;
}

/** One line for each; a command is loaded when it is asked for. */
const commands: Readonly<Record<string, Command>> = {
  dev: {
    summary: "serves an app on this machine",
    run: async (args) => (await import("../infra/local/dev-command.ts")).runDev(args),
  },
  verify: {
    summary: "checks what a deployed stack does against what is assumed of AWS",
    run: async (args) => (await import("../infra/verify/verify-command.ts")).runVerify(args),
  },
  doctor: {
    summary: "looks for what in an app relies on the process staying",
    run: async (args) => (await import("../infra/doctor/doctor-command.ts")).runDoctor(args),
  },
  sessions: {
    summary: "lists the sessions of a deployed stack, and ends them",
    run: async (args) => (await import("../infra/operators/sessions-command.ts")).runSessions(args),
  },
  cost: {
    summary: "prints what a workload costs in a month",
    run: async (args) => (await import("../infra/cost/cost-command.ts")).runCost(args),
  },
};

const usage = [
  "nonsticky COMMAND [options]",
  ...Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`),
  "nonsticky COMMAND --help lists the options of one, nonsticky --version tells this one's version.",
  "Each ends with 0; with 1 where it finds something, or fails; with 2 where it is asked wrongly, or cannot look.",
].join("\n");

const [first = "--help", ...args] = process.argv.slice(2);
if (isVersion(first) || isVersion(args[0])) {
  const { packageVersion } = await import("../infra/local/installation.ts");
  console.log(packageVersion());
} else if (isHelp(first)) {
  await help(args[0]);
} else {
  await run(first, args[0] === "-h" ? ["--help"] : args);
}

/** `nonsticky help dev` as `nonsticky dev --help` */
async function help(name: string | undefined): Promise<void> {
  if (name === undefined || isHelp(name)) console.log(usage);
  else await run(name, ["--help"]);
}

async function run(name: string, args: readonly string[]): Promise<void> {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command !== undefined) return command.run(args);
  console.error(`expected a command, got ${name}\n\n${usage}`);
  process.exitCode = 2;
}

function isHelp(word: string | undefined): boolean {
  return word === "--help" || word === "-h" || word === "help";
}

function isVersion(word: string | undefined): boolean {
  return word === "--version" || word === "-v";
}
