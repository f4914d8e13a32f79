import { cpSync, copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readOutputs, type Aws } from "./aws.ts";
import type { Emulator } from "./emulator.ts";
import { runFramework, runProgram } from "./framework.ts";
import { listLeftovers } from "./leftovers.ts";

/** What the app requires besides socket.io, which its bundles have this package for. */
export const packagesOfUntouched = ["express", "cookie-session"] as const;

/** Of a service that deploys a file written for socket.io: nothing in the file says so. */
const service = {
  service: "shop",
  frameworkVersion: "^4.3.1",
  plugins: ["nonsticky/serverless"],
  custom: {
    nonsticky: { app: "src/whole.cjs", replace: ["socket.io"], include: ["src/public"], edge: true },
  },
  provider: { name: "aws", region: "us-east-1" },
};

/**
 * The untouched app of test/untouched, in a folder of a project that has the package installed: its page, its session and
 * its emit from a route, through the edge that a browser would see, and its removal.
 */
export async function deployUntouched(
  emulator: Emulator,
  aws: Aws,
  project: string,
  problems: string[],
): Promise<void> {
  console.log("\nan untouched app, with routes of its own");
  const folder = path.join(project, "shop");
  const apps = path.resolve(import.meta.dirname, "../../test/untouched/apps");
  cpSync(path.join(apps, "public"), path.join(folder, "src/public"), { recursive: true });
  copyFileSync(path.join(apps, "whole.cjs"), path.join(folder, "src/whole.cjs"));
  writeFileSync(path.join(folder, "serverless.json"), JSON.stringify(service));
  if (!(await runFramework(emulator, folder, "deploy"))) {
    return void problems.push("expected serverless deploy of the untouched app to succeed");
  }
  const outputs = await readOutputs(aws, "shop-dev");
  const program = path.join(folder, "client.mjs");
  copyFileSync(path.join(import.meta.dirname, "untouched-client.mjs"), program);
  const args = [program, outputs.get("EdgeUrl") ?? ""];
  if (!(await runProgram(emulator.env, folder, process.execPath, args, true)))
    problems.push("expected page, session and emit of the untouched app");
  if (!(await runFramework(emulator, folder, "remove"))) {
    problems.push("expected serverless remove of the untouched app to succeed");
  }
  const left = await listLeftovers(aws);
  problems.push(...left.map((one) => `expected nothing of the untouched app to be left, got ${one}`));
}
