import { openFramework, type JsonObject, type Serverless } from "./framework.ts";
import { toOfflineParams } from "./offline-addresses.ts";
import { prepareOffline } from "./offline.ts";
import { resolveOwnStack } from "./own-stack.ts";

/** The same for this repository's own serverless.yml, whatever ordering it was resolved for. */
export async function prepareOwnOffline(serverless: Serverless, outdir: string): Promise<void> {
  const { service, processedInput } = serverless;
  const { stage, region } = service.provider;
  const settings = {
    app: "",
    replace: [],
    external: [],
    keep: false,
    include: [],
    start: false,
    params: {},
    statements: [],
  };
  const direct = await resolveOwnStack(openFramework(serverless), settings, {
    service: service.service,
    stage,
    region,
    cliParams: toOfflineParams(processedInput.options.param ?? []),
  });
  const names = service.getAllFunctions();
  for (const name of names) {
    const { events = [], environment = {} } = direct.functions[name] ?? {};
    Object.assign(service.getFunction(name), { events, environment: { ...(environment as JsonObject) } });
  }
  service.provider.environment = { ...(direct.provider["environment"] as JsonObject) };
  await prepareOffline(serverless, {
    names,
    app: String(service.custom?.["app"] ?? ""),
    replace: [],
    outdir,
  });
}
