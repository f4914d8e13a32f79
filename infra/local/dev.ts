/** `npm run dev`: the stack on this machine, rebuilt when a source changes, until SIGINT or SIGTERM. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseDevOptions } from "./dev-options.ts";
import { LocalError, startLocal, type LocalRuntime } from "./local.ts";
import { watchFiles } from "./watch.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Settings of the functions that may be given in the environment of this command. */
const passedOn = ["NONSTICKY_LOG_LEVEL", "NONSTICKY_PING_INTERVAL_MS", "NONSTICKY_PING_TIMEOUT_MS"];

let runtime: LocalRuntime | undefined;
let stopping = false;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    // Before it is ready there are children too, but they end with this process.
    if (runtime === undefined) process.exit(0);
    void runtime.stop().finally(() => process.exit(0));
  });
}

try {
  const env = passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name]] as const] : []));
  runtime = await startLocal({
    ...parseDevOptions(process.argv.slice(2), readDefaultApp()),
    env: Object.fromEntries(env),
    log: (line) => console.error(line),
  });
} catch (error) {
  console.error(error instanceof LocalError ? error.message : error);
  process.exit(1);
}

const running = runtime;
watchFiles(running.sources, async () => {
  try {
    await running.reload();
    console.error("reloaded");
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
});
console.log(`ready ${running.url}`);

function readDefaultApp(): string {
  const { imports } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    imports: { "#app": string };
  };
  return path.join(root, imports["#app"]);
}
