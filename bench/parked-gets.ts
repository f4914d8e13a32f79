import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { findFreePort } from "../scripts/free-port.ts";
import { localCredentials, localRegion, startDynalite } from "../test/support/dynalite.ts";
import { eventually, pause } from "../test/support/waiting.ts";

/**
 * `npm run bench:parked`: what GETs that wait for nothing take of `functions/poll-server`, which is a process of its own
 * here as it would be in a Lambda Web Function: CPU time and memory, without and with them. Seconds of a busy machine are
 * long; CPU time and bytes are what they are.
 */
const counts = [0, 32, 64];
const windowMs = 12_000;
/** Before that a session is young, and its GETs are held briefly. */
const youthMs = 10_500;
/** What `/proc` counts CPU time in. */
const TICK_MS = 10;

const dynalite = await startDynalite();
const port = await findFreePort();
const server = spawn(
  process.execPath,
  ["--import", "tsx", "--conditions=nonsticky-source", "functions/poll-server.ts"],
  {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      ...process.env,
      NONSTICKY_TABLE: dynalite.tableName,
      NONSTICKY_CALLBACK_URL: "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
      NONSTICKY_MAILBOX_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/nonsticky-dev.fifo",
      AWS_REGION: localRegion,
      AWS_ACCESS_KEY_ID: localCredentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: localCredentials.secretAccessKey,
      AWS_ENDPOINT_URL_DYNAMODB: dynalite.endpoint,
      AWS_LAMBDA_HTTP_ENDPOINT: `127.0.0.1:${port}`,
    },
  },
);
const exited = once(server, "exit");
const url = `http://127.0.0.1:${port}/socket.io/?EIO=4&transport=polling`;

try {
  await eventually(
    () =>
      fetch(url).then(
        (answer) => answer.ok,
        () => false,
      ),
    () => "expected the server to listen",
    60_000,
  );
  for (const count of counts) await measure(count);
} finally {
  server.kill("SIGTERM");
  const [code] = (await exited) as [number | null];
  console.log(`after SIGTERM it ended by itself with ${code}`);
  await dynalite.stop();
}

async function measure(count: number): Promise<void> {
  const stop = new AbortController();
  let answers = 0;
  const poll = async (): Promise<void> => {
    const opened = await (await fetch(url)).text();
    const [, sid = ""] = /^0\{"sid":"([^"]+)"/.exec(opened) ?? [];
    while (!stop.signal.aborted) {
      const answer = await fetch(`${url}&sid=${sid}`, { signal: stop.signal }).catch(() => undefined);
      if (answer !== undefined && !answer.ok) throw new Error(`expected 200, got ${answer.status}`);
      await answer?.text().catch(() => undefined);
      answers += 1;
    }
  };
  const polls = Array.from({ length: count }, poll);
  await pause(youthMs);
  const before = { ...usage(), answers };
  await pause(windowMs);
  const after = { ...usage(), answers };
  stop.abort();
  await Promise.all(polls);
  const cpuMs = after.cpuMs - before.cpuMs;
  const each = count === 0 ? "" : `, ${((100 * cpuMs) / windowMs / count).toFixed(2)} % of a CPU each`;
  console.log(
    `${count} parked: ${cpuMs} ms of CPU in ${windowMs} ms${each}; ${after.residentMb} MB; ${after.answers - before.answers} answers`,
  );
}

function usage(): { readonly cpuMs: number; readonly residentMb: number } {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  const status = readFileSync(`/proc/${server.pid}/status`, "utf8");
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    residentMb: Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024),
  };
}
