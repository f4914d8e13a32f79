import path from "node:path";
import { readOutputs, type Aws } from "./aws.ts";
import type { Emulator } from "./emulator.ts";
import { runFramework, runProgram } from "./framework.ts";
import { listLeftovers } from "./leftovers.ts";
import { runVerify } from "./verify.ts";

/** This repository's stack at one stage of the emulator: what goes wrong ends up in `problems`, in words. */
export interface Deployment {
  /** Deploys with these parameters, over what is there, and lets clients have a round. */
  deploy(params: Readonly<Record<string, string>>): Promise<void>;
  /** `serverless deploy function`: its bundle goes up by itself, and it keeps its role. */
  deployFunction(name: string): Promise<void>;
  verify(ordering: string): Promise<void>;
  /** Removes it; nothing may be left in the whole account. */
  remove(): Promise<void>;
  /** What was asked of the emulator without permission. */
  listRefusals(): readonly string[];
}

export interface DeploymentOptions {
  readonly root: string;
  readonly stage: string;
  readonly problems: string[];
}

/** A bundle with its map. The sources with what they depend on are a hundred times that. */
const MAX_ARCHIVE_BYTES = 2_000_000;
const token = "emulated-verify-token";
export const app = "scripts/emulated/app.ts";

export function createDeployment(emulator: Emulator, aws: Aws, options: DeploymentOptions): Deployment {
  const { root, stage, problems } = options;
  const stack = `nonsticky-${stage}`;
  return {
    async deploy(params) {
      const name = Object.entries(params)
        .map(([key, value]) => `${key}=${value}`)
        .join(" ");
      console.log(`\n${name}`);
      const given = Object.entries({ app, verifyToken: token, ...params });
      const args = given.flatMap(([key, value]) => ["--param", `${key}=${value}`]);
      const startedMs = Date.now();
      if (!(await runFramework(emulator, root, "deploy", "--stage", stage, ...args))) {
        return void problems.push(`expected serverless deploy to succeed with ${name}`);
      }
      console.log(`  deployed (${Date.now() - startedMs} ms)`);
      const outputs = await readOutputs(aws, stack);
      if (!(await playRound(emulator, root, outputs, params)))
        problems.push(`expected a good round with ${name}`);
    },
    async deployFunction(name) {
      console.log(`\ndeploy function ${name}`);
      const args = ["deploy", "function", "--function", name, "--force", "--stage", stage];
      if (!(await runFramework(emulator, root, ...args, "--param", `app=${app}`))) {
        return void problems.push("expected serverless deploy function to succeed");
      }
      const { text } = await aws({ service: "lambda", path: `/2015-03-31/functions/${stack}-${name}` });
      const { CodeSize, Role } = (JSON.parse(text) as { Configuration: { CodeSize: number; Role: string } })
        .Configuration;
      console.log(`  ${CodeSize} bytes`);
      if (CodeSize > MAX_ARCHIVE_BYTES)
        problems.push(`expected the archive of one bundle, got ${CodeSize} bytes`);
      const role = new RegExp(`${name}Role`, "i");
      if (!role.test(Role)) problems.push(`expected ${name} to keep its role, got ${Role}`);
    },
    async verify(ordering) {
      console.log(`\nnonsticky verify, ${ordering}`);
      problems.push(...(await runVerify(emulator, root, await readOutputs(aws, stack), token)));
    },
    async remove() {
      console.log("\nremove");
      if (!(await runFramework(emulator, root, "remove", "--stage", stage))) {
        problems.push("expected serverless remove to succeed");
      }
      const left = await listLeftovers(aws);
      console.log(`  ${left.length} resources left`);
      problems.push(...left.map((one) => `expected nothing to be left, got ${one}`));
    },
    listRefusals: () => listRefusals(emulator),
  };
}

/** Clients of what has these outputs, in a process of the emulator's environment. */
export function playRound(
  emulator: Emulator,
  root: string,
  outputs: ReadonlyMap<string, string>,
  params: Readonly<Record<string, string>>,
  stopsAtFailure = false,
): Promise<boolean> {
  const edgeUrl = outputs.get("EdgeUrl");
  const args = [
    ...["--import", import.meta.resolve("tsx"), path.join(import.meta.dirname, "round.ts")],
    ...[params["ordering"] ?? "fifo", outputs.get("WebsocketUrl") ?? "", outputs.get("HttpApiUrl") ?? ""],
    ...[params["path"] ?? "/socket.io", ...(edgeUrl === undefined ? [] : [edgeUrl])],
  ];
  const env = { ...emulator.env, ...(stopsAtFailure ? { EMULATED_ROUND: "first-failure" } : {}) };
  return runProgram(env, root, process.execPath, args, true);
}

export function listRefusals(emulator: Emulator): readonly string[] {
  return [...new Set(emulator.readLog().match(/User: \S+ is not authorized to perform: [\w:]+/g) ?? [])];
}
