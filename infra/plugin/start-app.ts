import path from "node:path";
import type { AppDescription } from "../../lib/lambda.ts";
import { codeDir, extension, isBuilt, packageDir } from "../local/installation.ts";
import { Instance } from "../local/lambda/instance.ts";
import type { Json, JsonObject } from "./framework.ts";

export interface StartRequest {
  /** The bundled functions. */
  readonly files: readonly string[];
  /** What the stack gives its functions; what only AWS knows is replaced. */
  readonly environment: JsonObject;
  readonly region: string;
}

/**
 * Starts each bundle once, in a process of its own without credentials, and ends it: what does not start here would not
 * start on Lambda. Resolves with what the app is. Throws what the first says that does not start.
 */
export async function startApp({
  files,
  environment,
  region,
}: StartRequest): Promise<AppDescription | undefined> {
  const values = Object.entries(environment).map(([name, value]) => [name, toText(value)]);
  const started = await Promise.all(
    files.map(async (bundleFile) => {
      const lines: string[] = [];
      const instance = new Instance({
        spec: { ...spec, key: path.basename(bundleFile, path.extname(bundleFile)) },
        code: { bootstrapFile, bundleFile, exportName: "handler" },
        environment: {
          PATH: process.env["PATH"] ?? "",
          AWS_REGION: region,
          AWS_ACCESS_KEY_ID: "none",
          AWS_SECRET_ACCESS_KEY: "none",
          AWS_EC2_METADATA_DISABLED: "true",
          AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
          ...(Object.fromEntries(values) as Record<string, string>),
        },
        freeze: () => false,
        execArgv: isBuilt ? [] : ["--import", path.join(packageDir, "node_modules/tsx/dist/loader.mjs")],
        onLine: (line) => lines.push(line),
        onExit: () => undefined,
      });
      try {
        return await instance.loaded;
      } catch (error) {
        const { message, stack = message } = error as Error;
        throw new Error(["expected the app to start, got", stack, ...lines.slice(-10)].join("\n"), {
          cause: error,
        });
      } finally {
        instance.kill("it has started");
        await instance.ended();
      }
    }),
  );
  return started.find((app) => app !== undefined);
}

const bootstrapFile = path.join(codeDir, `infra/local/lambda/bootstrap${extension}`);

const spec = {
  key: "",
  name: "start",
  handler: "",
  timeoutSeconds: 29,
  memoryMegabytes: 1024,
  environment: {},
  maximumRetryAttempts: 0,
};

/** A reference to what is not there yet is somewhere that nobody reaches. */
const toText = (value: Json): string =>
  typeof value === "object" && value !== null ? "https://packaged.invalid/stage" : String(value);
