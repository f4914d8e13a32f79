import { rmSync } from "node:fs";
import path from "node:path";
import { createAws } from "./emulated/aws.ts";
import { createDeployment } from "./emulated/deployment.ts";
import { startEmulator } from "./emulated/emulator.ts";
import { faults, isNoticed } from "./emulated/faults.ts";
import { deployStarter } from "./emulated/starter.ts";
import { deployUntouched, packagesOfUntouched } from "./emulated/untouched.ts";
import { createStarterProject, type StarterProject } from "./starter-project.ts";
import { findPythonTool } from "./python-tools.ts";
import { findVelocity } from "./velocity/velocity.ts";

/**
 * `npm run deploy:emulated`: the real `serverless deploy` of the unchanged stack onto an emulator of AWS that nobody here
 * wrote, with signatures and permissions enforced, and stock clients connected to what was deployed: in each ordering,
 * with the edge and without, from one to the other in place, removed to the last resource. Then the starter, and an app that
 * was written for socket.io, from the packed package. `-- --faults`: mistakes are made instead, and each must be noticed; `-- --faults role route`: these.
 */

const [option, ...named] = process.argv.slice(2);
if (option !== undefined && option !== "--faults") {
  console.error(`expected nothing or --faults [${Object.keys(faults).join("] [")}], got ${option}`);
  process.exit(1);
}

const root = path.dirname(import.meta.dirname);
const ministack = findPythonTool("ministack");
const velocity = findVelocity("1.7");
if (ministack === undefined || velocity === undefined) process.exit(1);
const startedMs = Date.now();
const emulator = await startEmulator(path.join(path.dirname(ministack), "python3"), velocity);
const aws = createAws(emulator);
let starter: StarterProject | undefined;
const problems: string[] = [];
try {
  console.log(`ministack, process ${emulator.pid}, at ${emulator.env["AWS_ENDPOINT_URL"]}`);
  if (option === undefined) await deployEverything();
  else await makeMistakes(named.length > 0 ? named : Object.keys(faults));
} finally {
  await emulator.stop();
  starter?.remove();
  // The package that lies there now is the emulator's: `serverless deploy --package` would take it to an account.
  rmSync(path.join(root, ".serverless"), { recursive: true, force: true });
}
for (const problem of problems) console.error(problem);
console.log(`${problems.length} problems, ${((Date.now() - startedMs) / 1000).toFixed(0)} s`);
process.exitCode = problems.length === 0 ? 0 : 1;

async function deployEverything(): Promise<void> {
  const packed = prepareStarter();
  const stack = createDeployment(emulator, aws, { root, stage: "local", problems });
  await stack.deploy({ ordering: "fifo", timers: "true" });
  await stack.deployFunction("inbox");
  await stack.verify("fifo");
  await stack.deploy({ ordering: "direct" });
  await stack.deploy({ ordering: "fifo", edge: "true" });
  const others = {
    heartbeat: "economy",
    monitoring: "false",
    tablePointInTimeRecovery: "true",
    path: "/chat",
  };
  await stack.deploy({ ordering: "fifo", edge: "false", ...others });
  await stack.remove();
  const { project } = await packed;
  await deployStarter(emulator, aws, project, problems);
  await deployUntouched(emulator, aws, project, problems);
  const refused = stack.listRefusals();
  problems.push(...refused.map((one) => `expected nothing to be refused, got ${one}`));
}

/** Packing and installing wait for npm; meanwhile the stack is deployed. */
async function prepareStarter(): Promise<StarterProject> {
  starter = await createStarterProject(packagesOfUntouched);
  await starter.install();
  return starter;
}

async function makeMistakes(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const fault = faults[name];
    if (fault === undefined)
      throw new Error(`expected one of ${Object.keys(faults).join(", ")}, got ${name}`);
    console.log(`\nfault ${name}: ${fault.what}`);
    const noticed = await isNoticed(fault, { emulator, aws, root, stage: `fault-${name}` });
    console.log(noticed ? "  noticed" : "  nothing noticed");
    if (noticed !== (name !== "none")) problems.push(`expected the other: ${name}, ${fault.what}`);
  }
}
