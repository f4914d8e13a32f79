import { copyFileSync } from "node:fs";
import path from "node:path";
import { readOutputs, type Aws } from "./aws.ts";
import type { Emulator } from "./emulator.ts";
import { runFramework, runProgram } from "./framework.ts";
import { listLeftovers } from "./leftovers.ts";

/**
 * The starter, with the package installed: its own `serverless deploy`, a default client at its edge, an emitter outside
 * of the stack that may do no more than the stack's emit policy says, and its removal.
 */
export async function deployStarter(
  emulator: Emulator,
  aws: Aws,
  project: string,
  problems: string[],
): Promise<void> {
  console.log("\nstarter, from the packed package");
  if (!(await runFramework(emulator, project, "deploy"))) {
    return void problems.push("expected serverless deploy of the starter to succeed");
  }
  const outputs = await readOutputs(aws, "starter-dev");
  const program = path.join(project, "client.mjs");
  copyFileSync(path.join(import.meta.dirname, "starter-client.mjs"), program);
  // The row by which emitters find the mailbox is the heartbeat's; its schedule would take a minute to come round.
  await aws({
    service: "lambda",
    path: "/2015-03-31/functions/starter-dev-heartbeat/invocations",
    body: "{}",
  });
  const user = await createUser(aws, outputs.get("NonstickyEmitPolicyArn") ?? "");
  const env = {
    ...emulator.env,
    ...user.credentials,
    NONSTICKY_TABLE: outputs.get("TableName") ?? "",
    NONSTICKY_CALLBACK_URL: outputs.get("CallbackUrl") ?? "",
  };
  const isGood = await runProgram(
    env,
    project,
    process.execPath,
    [program, outputs.get("EdgeUrl") ?? ""],
    true,
  );
  if (!isGood) problems.push("expected client and emitter of the starter to be served");
  await user.remove();
  if (!(await runFramework(emulator, project, "remove"))) {
    problems.push("expected serverless remove of the starter to succeed");
  }
  const left = await listLeftovers(aws);
  problems.push(...left.map((one) => `expected nothing of the starter to be left, got ${one}`));
}

/** Somebody with one policy and an access key. */
async function createUser(aws: Aws, policyArn: string) {
  const name = { UserName: "emitter" };
  const iam = async (action: string, more: Readonly<Record<string, string>> = {}) => {
    const form = { Action: action, Version: "2010-05-08", ...name, ...more };
    const { status, text } = await aws({ service: "iam", form });
    if (status !== 200) throw new Error(`expected IAM to carry out ${action}, got ${status} ${text}`);
    return text;
  };
  await iam("CreateUser");
  await iam("AttachUserPolicy", { PolicyArn: policyArn });
  const key = await iam("CreateAccessKey");
  const read = (tag: string) => new RegExp(`<${tag}>([^<]+)</`).exec(key)?.[1] ?? "";
  return {
    credentials: { AWS_ACCESS_KEY_ID: read("AccessKeyId"), AWS_SECRET_ACCESS_KEY: read("SecretAccessKey") },
    async remove() {
      await iam("DeleteAccessKey", { AccessKeyId: read("AccessKeyId") });
      await iam("DetachUserPolicy", { PolicyArn: policyArn });
      await iam("DeleteUser");
    },
  };
}
