import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseDevOptions, usage } from "./dev-options.ts";
import { codeDir, isBuilt, packageDir } from "./installation.ts";
import { INSPECTOR_PATH } from "./inspector/inspector.ts";
import { LocalError, startStack, type LocalOptions, type LocalRuntime } from "./local.ts";
import type { CompiledService } from "./service/compile-template.ts";
import { LocalUsageError } from "./local-error.ts";
import { toReadable } from "./log-line.ts";
import { readService, readTopology } from "./service/read-topology.ts";
import { toTopology } from "./service/to-topology.ts";
import type { Topology } from "./topology.ts";
import { watchFiles } from "./watch.ts";

/** Settings of the functions that may be given in the environment of this command. */
const passedOn = [
  "NONSTICKY_AWS_CLIENT",
  "NONSTICKY_LOG_LEVEL",
  "NONSTICKY_METRICS",
  "NONSTICKY_PING_INTERVAL_MS",
  "NONSTICKY_PING_TIMEOUT_MS",
  "NONSTICKY_VERIFY_TOKEN",
];

/** The stack on this machine, rebuilt when a source changes, until SIGINT or SIGTERM. Ends the process: with 2 where it is asked wrongly, with 1 where it cannot start. */
export async function runDev(args: readonly string[]): Promise<void> {
  if (args.includes("--help")) return console.log(usage);
  const starting: { runtime?: LocalRuntime } = {};
  stopOnSignals(starting);
  try {
    starting.runtime = await start(args);
  } catch (error) {
    console.error(error instanceof LocalError ? error.message : error);
    process.exit(error instanceof LocalUsageError ? 2 : 1);
  }
  reloadOnChange(starting.runtime);
  console.log(`ready ${starting.runtime.url}`);
  // Not where programs look for the line above.
  console.error(`inspector ${starting.runtime.url}${INSPECTOR_PATH}`);
}

async function start(args: readonly string[]): Promise<LocalRuntime> {
  const options = parseDevOptions(args, isBuilt ? "" : readDefaultApp());
  const { topology, app, replace = [], external = [], keep = false } = await findService(options);
  if (options.app === "" && app === undefined) {
    throw new LocalUsageError(
      "expected --app FILE, or a serverless.yml with the plugin nonsticky/serverless and custom.nonsticky.app",
    );
  }
  const env = passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  return startStack(topology, {
    ...options,
    app: options.app || (app ?? ""),
    replace: [...replace, ...(options.replace ?? [])],
    external: [...external, ...(options.external ?? [])],
    keep: options.keep ?? keep,
    // Somebody's project has it at its root; the examples have it beside the app, where it is looked for otherwise.
    ...(isBuilt && existsSync("public") ? { publicDir: "public" } : {}),
    env: Object.fromEntries(env),
    inspector: true,
    log: (line) => console.error(toReadable(line)),
  });
}

interface Service {
  readonly topology: Topology;
  readonly app?: string;
  readonly replace?: readonly string[] | undefined;
  readonly external?: readonly string[] | undefined;
  readonly keep?: boolean | undefined;
}

/** The service of the folder, when it lists the plugin; else this package's own. */
async function findService({ ordering }: LocalOptions): Promise<Service> {
  if (!isBuilt) return { topology: await readTopology(packageDir, ordering ?? "fifo") };
  const configuration = ["serverless.yml", "serverless.yaml", "serverless.json"].find((file) =>
    existsSync(file),
  );
  if (
    configuration !== undefined &&
    /\bnonsticky\/serverless\b/.test(await readFile(configuration, "utf8"))
  ) {
    return readService(process.cwd(), ordering);
  }
  const compiled = await readFile(
    path.join(codeDir, `infra/local/service/${ordering ?? "fifo"}.json`),
    "utf8",
  );
  return { topology: toTopology(JSON.parse(compiled) as CompiledService) };
}

function stopOnSignals(starting: { readonly runtime?: LocalRuntime }): void {
  let stopping = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (stopping) return;
      stopping = true;
      // Before it is ready there are children too, but they end with this process.
      if (starting.runtime === undefined) process.exit(0);
      void starting.runtime.stop().finally(() => process.exit(0));
    });
  }
}

function reloadOnChange(runtime: LocalRuntime): void {
  watchFiles(runtime.sources, async () => {
    try {
      await runtime.reload();
      console.error("reloaded");
    } catch (error) {
      console.error(error instanceof Error ? error.message : error);
    }
  });
}

function readDefaultApp(): string {
  const { imports } = JSON.parse(readFileSync(path.join(packageDir, "package.json"), "utf8")) as {
    imports: { "#app": string };
  };
  return path.join(packageDir, imports["#app"]);
}
