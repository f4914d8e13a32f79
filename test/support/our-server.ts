import { fileURLToPath } from "node:url";
import type { LocalOptions, LocalRuntime } from "../../infra/local/local.ts";
export const startOurs = async (
  caller: string,
  app: string,
  options: Omit<LocalOptions, "app"> = {},
): Promise<LocalRuntime> => {
  const m = "../../infra/local/local.ts";
  const { startLocal } = await import(m);
  return startLocal({ ...options, app: fileURLToPath(new URL(app, caller)) });
};
