import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { LocalError } from "../local-error.ts";
import type { Topology } from "../topology.ts";
import type { CompiledService } from "./compile-template.ts";
import { toTopology } from "./to-topology.ts";

const cacheDir = ".cache/local";
const compiler = fileURLToPath(new URL("compile-template.ts", import.meta.url));

/**
 * What serverless.yml describes, as the framework resolves it: the compiled template, cached by the content of every
 * file it can come from, because the framework takes two or three seconds.
 */
export async function readTopology(root: string, ordering: "fifo" | "direct"): Promise<Topology> {
  const file = path.join(root, cacheDir, `service-${await hashSources(root, ordering)}.json`);
  const cached = await readFile(file, "utf8").catch(() => undefined);
  if (cached !== undefined) return toTopology(JSON.parse(cached) as CompiledService);
  const compiled = await compile(root, ordering);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(`${file}.${process.pid}`, JSON.stringify(compiled));
  await rename(`${file}.${process.pid}`, file);
  return toTopology(compiled);
}

function compile(root: string, ordering: string): Promise<CompiledService> {
  const { HOME, PATH, TMPDIR } = process.env;
  const child = fork(compiler, ["--param", `ordering=${ordering}`], {
    cwd: root,
    execArgv: ["--import", import.meta.resolve("tsx")],
    // Without AWS variables: the stack must resolve with neither account nor network.
    env: {
      HOME,
      PATH,
      TMPDIR,
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
