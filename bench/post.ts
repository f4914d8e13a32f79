import { fork } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { createTransport, postRules } from "../lib/aws/management-transport.ts";
import { openSdkTransport } from "../lib/aws/sdk/sdk-clients.ts";
import type { Transport } from "../lib/engine/transport.ts";
import { toConnectionId } from "../lib/ids.ts";
import { createSettings } from "../lib/requests/environment-settings.ts";

/**
 * What one post costs this process in CPU: the SDK's client, and requests signed by hand. The answering server is a
 * process of its own. Rounds alternate, so that whatever else the machine does hits both.
 */
const POSTS_PER_ROUND = 1_000;
const ROUNDS = 4;
const CONCURRENCY = 16;

async function serve(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    request.on("end", () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  process.send?.((server.address() as AddressInfo).port);
}

async function cpuMicrosPerPost(transport: Transport): Promise<number> {
  const before = process.cpuUsage();
  let next = 0;
  const work = async () => {
    while (next++ < POSTS_PER_ROUND) {
      const outcome = await transport.post(toConnectionId("PJqB0fHsqRcCHlw="), '42["chat message","hello"]');
      if (outcome !== "sent") throw new Error(`expected every post to be sent, got ${outcome}`);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, work));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / POSTS_PER_ROUND;
}

async function main(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["serve"], { execArgv: process.execArgv });
  const port = await new Promise<unknown>((resolve) => child.once("message", resolve));
  Object.assign(process.env, {
    AWS_REGION: "eu-west-1",
    AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
    AWS_SECRET_ACCESS_KEY: "secret",
  });
  const callbackUrl = `http://127.0.0.1:${String(port)}/dev`;
  const subjects = {
    "SDK client": openSdkTransport(callbackUrl, postRules),
    "signed by hand": createTransport(createSettings(process.env), callbackUrl),
  };
  const results = new Map<string, number[]>(Object.keys(subjects).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, transport] of Object.entries(subjects)) {
      const micros = await cpuMicrosPerPost(transport);
      // The first round warms up.
      if (round > 0) results.get(name)?.push(micros);
    }
  }
  const median = (values: number[]): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
  for (const [name, values] of results) {
    console.log(
      `${name.padEnd(16)} ${median(values).toFixed(0).padStart(6)} µs CPU per post   (${values.map((v) => v.toFixed(0)).join(", ")})`,
    );
  }
  const [sdk = NaN, lean = NaN] = [...results.values()].map(median);
  console.log(`ratio            ${(sdk / lean).toFixed(2)}`);
  child.kill();
}

if (process.argv[2] === "serve") void serve();
else await main();
