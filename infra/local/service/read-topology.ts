import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { cacheDir, codeDir, extension, isBuilt } from "../installation.ts";
import { LocalError } from "../local-error.ts";
import type { Topology } from "../topology.ts";
import type { CompiledService } from "./compile-template.ts";
import { toTopology } from "./to-topology.ts";

const compiler = path.join(codeDir, `infra/local/service/compile-template${extension}`);

/**
 * What serverless.yml describes, as the framework resolves it: the compiled template, cached by the content of every
 * file it can come from, because the framework takes two or three seconds.
 */
export async function readTopology(root: string, ordering: "fifo" | "direct"): Promise<Topology> {
  return toTopology(await compileOwn(root, ordering));
}

/** The same, as `npm run build` puts it into the package: no framework is needed there. */
export async function compileOwn(root: string, ordering: "fifo" | "direct"): Promise<CompiledService> {
  const file = path.join(cacheDir, `service-${await hashSources(root, ordering)}.json`);
  const cached = await readFile(file, "utf8").catch(() => undefined);
  if (cached !== undefined) return JSON.parse(cached) as CompiledService;
  // What costs nothing here is there, so that nobody has to ask for it.
  const compiled = await compile(root, [`ordering=${ordering}`, "timers=true", "http=true"]);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify(compiled));
  await rename(`${file}.${process.pid}`, file);
  return compiled;
}

/**
 * What somebody's serverless.yml describes, which lists the plugin; never cached, because it may come from anywhere.
 * `ordering` beats what is written there.
 */
export async function readService(
  root: string,
  ordering: "fifo" | "direct" | undefined,
): Promise<
  Pick<CompiledService, "replace" | "external" | "keep"> & {
    readonly topology: Topology;
    readonly app: string;
  }
> {
  const compiled = await compile(root, [
    ...(ordering === undefined ? [] : [`ordering=${ordering}`]),
    // Whether the app has routes is seen when it runs.
    "http=true",
  ]);
  const { app, replace = [], external = [], keep = false } = compiled;
  if (app !== undefined) return { topology: toTopology(compiled), app, replace, external, keep };
  throw new LocalError(`expected the plugin nonsticky/serverless in the service of ${root}, got none`);
}

function compile(root: string, params: readonly string[]): Promise<CompiledService> {
  const args = params.flatMap((param) => ["--param", param]);
  const child = fork(compiler, [findFramework(root), ...args], {
    cwd: root,
    execArgv: isBuilt ? [] : ["--import", import.meta.resolve("tsx")],
    env: {
      ...withoutAccount(),
      SLS_NOTIFICATIONS_MODE: "off",
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    }
    child.once("error", reject);
    child.once("message", (message) => {
      resolve(message as CompiledService);
      child.kill();
    });
    child.once("close", (code) =>
      reject(new LocalError(`expected serverless.yml to compile, got exit code ${code}\n${output.trim()}`)),
    );
  });
}

/** Without AWS variables: a stack must resolve with neither account nor network. */
function withoutAccount(): NodeJS.ProcessEnv {
  const { HOME, PATH, TMPDIR } = process.env;
  if (!isBuilt) return { HOME, PATH, TMPDIR };
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AWS_")));
}

/** The folder of osls, installed under its own name or, as its documentation proposes, as `serverless`. */
function findFramework(root: string): string {
  const { resolve } = createRequire(path.join(root, "package.json"));
  for (const name of ["osls", "serverless"]) {
    try {
      const manifest = resolve(`${name}/package.json`);
      const { name: actual } = JSON.parse(readFileSync(manifest, "utf8")) as { name: string };
      if (actual === "osls") return path.dirname(manifest);
    } catch {
      // Not there; perhaps under the other name.
    }
  }
  throw new LocalError(`expected osls, which reads serverless.yml, in ${root}, got none: npm i -D osls`);
}

async function hashSources(root: string, ordering: string): Promise<string> {
  const inside = await readdir(path.join(root, "infra"), { recursive: true });
  const files = inside.filter((name) => /\.(yml|yaml|json|js)$/.test(name) && !name.startsWith("local"));
  const hash = createHash("sha256").update(ordering);
  for (const file of [
    "serverless.yml",
    "package-lock.json",
    ...files.sort().map((name) => `infra/${name}`),
  ]) {
    hash.update(file).update(await readFile(path.join(root, file)).catch(() => ""));
  }
  hash.update(await readFile(compiler));
  return hash.digest("hex").slice(0, 20);
}
