import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { AppDescription } from "../../lib/lambda.ts";
import { describeShadowed } from "../../lib/aws/shadowed-routes.ts";
import { extensionOf } from "../../lib/bundling/app-format.ts";
import { bundle, toModule } from "../bundle.ts";
import { packageDir } from "../local/installation.ts";
import type { Framework, JsonObject } from "./framework.ts";
import { isObject } from "./json.ts";
import { resolveOwnStack, type OwnStack, type Settings, type Target } from "./own-stack.ts";
import { startApp, type StartRequest } from "./start-app.ts";

/**
 * The stack for an app: with the function for its routes where it has some, and at the path that it names. Where neither is
 * said in the settings the app is started once, and asked. Throws what an app says that does not start.
 */
export async function resolveForApp(
  framework: Framework,
  settings: Settings,
  target: Target,
  { serviceDir, service, warn }: Surroundings,
): Promise<OwnStack> {
  const stack = await resolveOwnStack(framework, settings, target);
  const isGiven = (name: string) =>
    name in settings.params || target.cliParams.some((param) => param.startsWith(`${name}=`));
  if (isGiven("http")) return stack;
  const environment = environmentOf(stack, service, target);
  const { hasHttp, path: own, shadowed } = await ask(serviceDir, settings, environment);
  if (shadowed.length > 0) warn(describeShadowed(shadowed, own));
  const served = environment.environment["NONSTICKY_PATH"];
  if (own !== served && isGiven("path")) {
    throw new Error(
      `expected custom.nonsticky.path to be the app's own, new Server({ path: "${own}" }), got ${String(served)}`,
    );
  }
  if (!hasHttp && own === served) return stack;
  const params = { ...settings.params, http: hasHttp, path: own };
  return resolveOwnStack(framework, { ...settings, params }, target);
}

interface Surroundings {
  readonly serviceDir: string;
  readonly service: JsonObject;
  readonly warn: (text: string) => void;
}

/** What the functions of the app find in their environment. */
export function environmentOf(
  { functions, provider }: OwnStack,
  service: JsonObject,
  { region }: Target,
): Omit<StartRequest, "files"> {
  const parts = [service["provider"], provider, ...Object.values(functions)].map((part) =>
    isObject(part) && isObject(part["environment"]) ? part["environment"] : {},
  );
  return {
    environment: Object.assign({}, ...parts) as JsonObject,
    region: typeof region === "string" ? region : "us-east-1",
  };
}

const HANDLER = "functions/inbox.handler";

async function ask(
  serviceDir: string,
  { app, replace, external, keep }: Settings,
  environment: Omit<StartRequest, "files">,
): Promise<AppDescription> {
  const outdir = await mkdtemp(path.join(tmpdir(), "nonsticky-start-"));
  try {
    const { format } = await bundle({
      serviceDir,
      handlers: [HANDLER],
      app,
      replace,
      external,
      keep,
      outdir,
      packageDir,
    });
    const file = path.join(outdir, toModule(HANDLER) + extensionOf(format));
    const found = await startApp({ ...environment, files: [file] });
    return found ?? { hasHttp: false, path: "/socket.io", shadowed: [] };
  } finally {
    await rm(outdir, { recursive: true, force: true });
  }
}
