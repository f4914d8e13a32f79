import { fileURLToPath } from "node:url";
import { startLocal, type LocalOptions, type LocalRuntime } from "../../infra/local/local.ts";

/** The local runtime with an app named relative to the calling test: `startOurs(import.meta.url, "./apps/x.ts")`. */
export const startOurs = (
  caller: string,
  app: string,
  options: Omit<LocalOptions, "app"> = {},
): Promise<LocalRuntime> => startLocal({ ...options, app: fileURLToPath(new URL(app, caller)) });
