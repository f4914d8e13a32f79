import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import path from "node:path";
import { startDynamo } from "./dynamodb/start.ts";
import { EventStream } from "./inspector/event-stream.ts";
import { Inspector } from "./inspector/inspector.ts";
import { createSessionReader } from "./inspector/sessions.ts";
import { toTable } from "./inspector/told.ts";
import { createOutsideEnvironment } from "./environment.ts";
import { packageDir } from "./installation.ts";
import { LocalError, LocalUsageError } from "./local-error.ts";
import { bundleFunctions, type BundleRequest, type Bundles } from "./lambda/bundler.ts";
import type { LocalOptions, LocalRuntime } from "./options.ts";
import { readTopology } from "./service/read-topology.ts";
import { createRuntime } from "./runtime.ts";
import { Stack } from "./stack.ts";
import type { Topology } from "./topology.ts";

export { LocalError } from "./local-error.ts";
export type { LocalGateway, LocalOptions, LocalRuntime, LocalStats } from "./options.ts";

/**
 * Runs the stack that serverless.yml describes on this machine: gateway, mailbox, instances, schedules and table.
 * Resolves when it serves. Rejects with a `LocalError` when something the caller chose is wrong.
 */
export async function startLocal(options: LocalOptions): Promise<LocalRuntime> {
  return startStack(await readTopology(packageDir, options.ordering ?? "fifo"), options);
}

/**
 * The same for a stack that is given instead of read. `bundle` makes the functions' code, at the start and for each reload;
 * without it they are bundled around the app.
 */
export async function startStack(
  topology: Topology,
  options: LocalOptions,
  bundle: (request: BundleRequest) => Promise<Bundles> = bundleFunctions,
): Promise<LocalRuntime> {
  const appFile = path.resolve(options.app);
  if (!existsSync(appFile)) {
    throw new LocalUsageError(`expected the module of an app, got ${appFile}, which does not exist`);
  }
  const undo: (() => Promise<void>)[] = [];
  let stopping: Promise<void> | undefined;
  const undoAll = async () => {
    for (const action of undo.reverse()) await action();
  };
  const stop = () => (stopping ??= undoAll());
  try {
    const gateway = createServer({ keepAliveTimeout: 65_000 });
    const awsEndpoint = createServer({ keepAliveTimeout: 65_000 });
    for (const server of [gateway, awsEndpoint]) {
      const sockets = trackSockets(server);
      undo.push(() => close(server, sockets));
    }
    const tellOfKept = createTeller(options);
    const rebuild = async () =>
      tellOfKept(
        await bundle({
          appFile,
          replace: options.replace ?? [],
          external: options.external ?? [],
          keep: options.keep ?? false,
          functions: topology.functions,
        }),
      );
    const port = await listen(gateway, options.port ?? 0);
    const awsPort = await listen(awsEndpoint, 0);
    const bundles = await rebuild();
    const events = new EventStream();
    undo.push(async () => events.stop());
    const dynamo = await startDynamo(
      bundles.dynamoServerFile,
      topology.table,
      topology.region,
      process.env["NONSTICKY_LOCAL_DYNAMODB"] || undefined,
      (report) => {
        if (events.listening) events.tell(toTable(report), report.atMs);
      },
    );
    undo.push(() => dynamo.stop());
    const url = `http://127.0.0.1:${port}`;
    const publicDir = path.resolve(options.publicDir ?? path.join(path.dirname(appFile), "public"));
    const endpoints = { gateway: url, aws: `http://127.0.0.1:${awsPort}`, dynamodb: dynamo.endpoint };
    const stack = new Stack({
      topology,
      options,
      bundles,
      path: readPath(topology, options),
      publicDir: existsSync(publicDir) ? publicDir : undefined,
      endpoints,
      events,
    });
    undo.push(() => stack.stop());
    const { region, table } = topology;
    const inspector =
      options.inspector === true
        ? new Inspector(stack, createSessionReader(dynamo.endpoint, region, table.name))
        : undefined;
    stack.attach(gateway, awsEndpoint, inspector?.answer.bind(inspector));
    await stack.start();
    const outsideEnvironment = createOutsideEnvironment(topology, endpoints);
    return createRuntime(stack, {
      url,
      port,
      dynamodbEndpoint: dynamo.endpoint,
      outsideEnvironment,
      rebuild,
      stop,
    });
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Says what became of the app's variables; again, when that is something else. */
function createTeller({ log = (line) => process.stderr.write(`${line}\n`) }: LocalOptions) {
  let told = "";
  return (bundles: Bundles): Bundles => {
    const text = bundles.kept.join("\n");
    if (text !== told) bundles.kept.forEach((line) => log(line));
    told = text;
    return bundles;
  };
}

function readPath(topology: Topology, { path: given, env = {} }: LocalOptions): string {
  const [first] = topology.functions;
  const chosen = given ?? env["NONSTICKY_PATH"] ?? first?.environment["NONSTICKY_PATH"] ?? "/socket.io";
  return `/${chosen}`.replace(/^\/+/, "/").replace(/\/+$/, "");
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  try {
    await once(server, "listening");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EADDRINUSE") {
      throw new LocalError(
        `expected port ${port} to be free, got a port in use: choose another with --port N`,
      );
    }
    throw error;
  }
  return (server.address() as AddressInfo).port;
}

/** Also ends upgraded connections, which a server that closes would wait for. */
async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  server.close();
  for (const socket of sockets) socket.destroy();
  await once(server, "close");
}

function trackSockets(server: Server): ReadonlySet<Socket> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  return sockets;
}
