import { parseArgs } from "node:util";
import { isPackageName } from "../../lib/bundling/app-plugin.ts";
import { isBuilt } from "./installation.ts";
import { LocalUsageError } from "./local-error.ts";
import type { LocalOptions } from "./options.ts";

const flags = {
  app: { type: "string" },
  replace: { type: "string", multiple: true },
  external: { type: "string", multiple: true },
  port: { type: "string" },
  path: { type: "string" },
  instances: { type: "string" },
  "max-instances": { type: "string" },
  "anti-affinity": { type: "boolean" },
  chaos: { type: "string" },
  freeze: { type: "boolean" },
  "allow-binary-frames": { type: "boolean" },
  "allow-host": { type: "string", multiple: true },
  "cold-start-ms": { type: "string" },
  ordering: { type: "string" },
  keep: { type: "boolean" },
  "no-watch": { type: "boolean" },
} as const;

const [command, defaultApp] = isBuilt
  ? ["nonsticky dev", "custom.nonsticky.app in serverless.yml"]
  : ["npm run dev --", "what package.json says #app is"];

export const usage = `${command} [options]
  --app FILE           module that makes a Server, or exports \`io\` or \`engine\` (default: ${defaultApp})
  --replace NAME       imports of that package get nonsticky: socket.io; may be given again
  --external NAME      that package stays outside of the bundles, as those with native code do; may be given again
  --keep               variables that handlers change are kept for the next packet, wherever it runs
  --port N             default 3000, 0 for any free one
  --path P             default /socket.io
  --instances N        processes kept warm per function, which take turns (default 2)
  --max-instances N    at most so many per function (default 16)
  --anti-affinity      no two consecutive packets of a session on one process
  --chaos P            probability, 0 to 1, that an invocation's process is killed
  --freeze             processes are stopped between events
  --allow-binary-frames  binary WebSocket frames pass, which API Gateway refuses
  --allow-host NAME    a host name under which clients come besides this machine's own; may be given again
  --cold-start-ms A-B  extra delay of a new process before its first event
  --ordering MODE      fifo (default) or direct
  --no-watch           variables that handlers change for the next packet are not named`;

/** Reads the command line. Throws a `LocalUsageError` that names the option, what it takes and what came. */
export function parseDevOptions(args: readonly string[], defaultApp: string): LocalOptions {
  const given = readFlags(args);
  const count = (name: "port" | "instances" | "max-instances", least: number, most: number) => {
    const text = given[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new LocalUsageError(
      `expected --${name} to be a whole number from ${least} to ${most}, got ${text}`,
    );
  };
  const maxInstances = count("max-instances", 1, 256);
  // What is kept in a process then shows as missing in the other.
  const instances = count("instances", 1, 64) ?? Math.min(2, maxInstances ?? 2);
  if (maxInstances !== undefined && maxInstances < instances) {
    throw new LocalUsageError(
      `expected --max-instances to be at least --instances, got ${maxInstances} and ${instances}`,
    );
  }
  const options = {
    app: given.app ?? defaultApp,
    replace: readPackageNames("replace", given.replace),
    external: readPackageNames("external", given.external),
    keep: given.keep,
    port: count("port", 0, 65_535) ?? 3000,
    path: readPath(given.path),
    instances,
    maxInstances,
    antiAffinity: given["anti-affinity"],
    chaos: readProbability(given.chaos),
    freeze: given.freeze,
    allowBinaryFrames: given["allow-binary-frames"],
    allowedHosts: readHosts(given["allow-host"]),
    coldStartMs: readRange(given["cold-start-ms"]),
    ordering: readOrdering(given.ordering),
    watch: given["no-watch"] !== true,
  };
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as LocalOptions;
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const [first] = (error as Error).message.split("\n");
    throw new LocalUsageError(`expected the options below, got: ${first}\n\n${usage}`);
  }
}

function readPath(text: string | undefined): string | undefined {
  if (text === undefined || /^\/[^?#\s]*[^?#\s/]\/?$/.test(text)) return text;
  throw new LocalUsageError(`expected --path to begin with a slash, like /socket.io, got ${text}`);
}

function readPackageNames(flag: string, names: readonly string[] | undefined): readonly string[] | undefined {
  const wrong = names?.find((name) => !isPackageName(name));
  if (wrong === undefined) return names;
  throw new LocalUsageError(`expected --${flag} to be the name of a package, like socket.io, got ${wrong}`);
}

function readHosts(names: readonly string[] | undefined): readonly string[] | undefined {
  const wrong = names?.find((name) => !/^[a-z0-9-]+(\.[a-z0-9-]+)*$/i.test(name));
  if (wrong === undefined) return names?.map((name) => name.toLowerCase());
  throw new LocalUsageError(`expected --allow-host to be a host name, like chat.example, got ${wrong}`);
}

function readProbability(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text !== "" && value >= 0 && value <= 1) return value;
  throw new LocalUsageError(`expected --chaos to be a probability from 0 to 1, got ${text}`);
}

function readRange(text: string | undefined): readonly [number, number] | undefined {
  if (text === undefined) return undefined;
  const [, from, to] = /^(\d+)-(\d+)$/.exec(text) ?? [];
  if (from !== undefined && to !== undefined && Number(from) <= Number(to)) return [Number(from), Number(to)];
  throw new LocalUsageError(
    `expected --cold-start-ms to be two numbers of milliseconds like 100-400, got ${text}`,
  );
}

function readOrdering(text: string | undefined): "fifo" | "direct" | undefined {
  if (text === undefined || text === "fifo" || text === "direct") return text;
  throw new LocalUsageError(`expected --ordering to be fifo or direct, got ${text}`);
}
