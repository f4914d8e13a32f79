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
  "nonsticky COMMAND --help lists the options of one.",
].join("\n");

const [name = "--help", ...args] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
if (command !== undefined) {
  await command.run(args);
} else if (name === "--help" || name === "help") {
  console.log(usage);
} else {
  console.error(`expected a command, got ${name}\n\n${usage}`);
  process.exitCode = 1;
}
