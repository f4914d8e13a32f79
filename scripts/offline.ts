import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { parseArgs } from "node:util";
import { createGuardedTable } from "../infra/local/dynamodb/guarded-table.ts";
import { startDynamo } from "../infra/local/dynamodb/start.ts";
import { readTopology } from "../infra/local/service/read-topology.ts";
import type { Topology } from "../infra/local/topology.ts";
import { findFreePort } from "./free-port.ts";

/**
 * `npm run offline`: `serverless offline` on this repository's serverless.yml, in direct mode, with a table beside it.
 * What it does not imitate: docs/offline.md.
 */

const root = path.dirname(import.meta.dirname);
const host = "127.0.0.1";

const usage = `npm run offline -- [options]
  --app FILE           module that exports \`io\` (default: what package.json says #app is)
  --param NAME=VALUE   of infra/stages.yml, any number of them; the ordering is always direct
  --http-port N        of the HTTP API, for polling (default 3000, 0 for any free one)
  --websocket-port N   of the WebSocket API (default 3001, 0 for any free one)`;

interface Ports {
  readonly http: number;
  readonly websocket: number;
  readonly lambda: number;
}

const running: { table?: Server; framework?: ChildProcess; stopping?: true } = {};

async function main(): Promise<void> {
  const values = readOptions(process.argv.slice(2));
  if (values.help) return console.log(usage);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

  const ports: Ports = {
    http: await toPort("http-port", values["http-port"]),
    websocket: await toPort("websocket-port", values["websocket-port"]),
    lambda: await findFreePort(),
  };
  const topology = await readTopology(root, "direct");
  const tableEndpoint = await startTable(topology);
  if (running.stopping) return;
  const params = values.param.filter((param) => !param.startsWith("ordering="));
  // Lines that CloudWatch alone reads.
  if (!params.some((param) => param.startsWith("metrics="))) params.push("metrics=false");
  if (values.app !== undefined) params.push(`app=${path.resolve(values.app)}`);
  const environment = createEnvironment(topology, ports, tableEndpoint);
  const framework = startFramework(ports, environment, [...params, "ordering=direct"]);
  const urls = [`http://${host}:${ports.http}`, `http://${host}:${ports.websocket}`];
  const isServing = await serving(framework, urls);
  if (!isServing) return;
  const [polling, websocket] = urls;
  console.log(`ready io("${polling}", { transports: ["polling"] })`);
  console.log(`ready io("${websocket}", { transports: ["websocket"] })`);
}

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        app: { type: "string" },
        param: { type: "string", multiple: true, default: [] },
        "http-port": { type: "string", default: "3000" },
        "websocket-port": { type: "string", default: "3001" },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    console.error(`expected the options below, got: ${(error as Error).message}\n\n${usage}`);
    process.exit(1);
  }
}

async function startTable({ table, region }: Topology): Promise<string> {
  const server = createGuardedTable();
  running.table = server;
  server.listen(0, host);
  await once(server, "listening");
  const endpoint = `http://${host}:${(server.address() as AddressInfo).port}`;
  await startDynamo("", table, region, endpoint);
  return endpoint;
}

function startFramework(ports: Ports, env: NodeJS.ProcessEnv, params: readonly string[]): ChildProcess {
  const manifest = createRequire(import.meta.url).resolve("serverless/package.json");
  const framework = spawn(
    process.execPath,
    [
      path.join(path.dirname(manifest), "bin/serverless.js"),
      "offline",
      ...params.flatMap((param) => ["--param", param]),
      ...["--host", host, "--noSponsor"],
      ...["--httpPort", String(ports.http), "--websocketPort", String(ports.websocket)],
      ...["--lambdaPort", String(ports.lambda)],
    ],
    { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] },
  );
  running.framework = framework;
  framework.once("close", (code) => {
    running.table?.closeAllConnections();
    running.table?.close();
    if (running.stopping) return;
    console.error(`expected serverless offline to go on, got exit code ${code}`);
    process.exitCode = 1;
  });
  return framework;
}

/** What the stack would have given the functions by reference, and where the SDK finds services on this machine. */
function createEnvironment(
  { table, region }: Topology,
  ports: Ports,
  tableEndpoint: string,
): NodeJS.ProcessEnv {
  const { HOME, PATH, TMPDIR, NONSTICKY_LOG_LEVEL } = process.env;
  return {
    HOME,
    PATH,
    TMPDIR,
    SLS_NOTIFICATIONS_MODE: "off",
    NONSTICKY_TABLE: table.name,
    NONSTICKY_CALLBACK_URL: `http://${host}:${ports.websocket}`,
    ...(NONSTICKY_LOG_LEVEL === undefined ? {} : { NONSTICKY_LOG_LEVEL }),
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_ENDPOINT_URL_DYNAMODB: tableEndpoint,
    AWS_ENDPOINT_URL_LAMBDA: `http://${host}:${ports.lambda}`,
  };
}

/** Whether both ports answer before the framework ends; no text of its log is a promise. */
async function serving(framework: ChildProcess, urls: readonly string[]): Promise<boolean> {
  while (framework.exitCode === null && framework.signalCode === null) {
    const answers = await Promise.allSettled(urls.map((url) => fetch(url)));
    if (answers.every(({ status }) => status === "fulfilled")) return true;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return false;
}

/** Ctrl-C reaches the framework as well; asked twice, it ends all the same. */
function stop(): void {
  if (running.stopping) return;
  running.stopping = true;
  if (running.framework === undefined) process.exit(0);
  running.framework.kill("SIGTERM");
}

async function toPort(option: string, text: string): Promise<number> {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    console.error(`expected --${option} to be a whole number from 0 to 65535, got ${text}\n\n${usage}`);
    process.exit(1);
  }
  return port === 0 ? findFreePort() : port;
}

await main();
