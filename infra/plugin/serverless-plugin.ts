import { warnOfConcurrency } from "../concurrency-warning.js";
import { findClashes, listResources } from "./clashes.ts";
import {
  openFramework,
  type Json,
  type JsonObject,
  type FrameworkUtilities,
  type Serverless,
} from "./framework.ts";
import { isObject } from "./json.ts";
import { mergeStack } from "./merge.ts";
import { environmentOf, resolveForApp } from "./ask-app.ts";
import { readSettings, resolveOwnStack } from "./own-stack.ts";
import type { StartRequest } from "./start-app.ts";
import { toOfflineParams } from "./offline-addresses.ts";
import { buildDir, packageFunctions } from "./package-functions.ts";

/**
 * Adds the stack to somebody's service: `plugins: [nonsticky/serverless]`, `custom.nonsticky.app: src/app.ts`. Functions,
 * routes, queue, table, schedule and roles are those of this package's serverless.yml and infra/*.yml, for the
 * parameters in `custom.nonsticky`; what the service has of its own stays.
 */
export default class NonstickyPlugin {
  readonly hooks: Readonly<Record<string, () => Promise<void>>>;
  /** What was added; `nonsticky dev` reads it. */
  nonsticky?: {
    readonly app: string;
    readonly replace: readonly string[];
    readonly external: readonly string[];
    readonly include: readonly string[];
    readonly keep: boolean;
    /** Absent: nothing is started before it is deployed. */
    readonly startWith?: Omit<StartRequest, "files">;
    readonly functions: readonly string[];
    readonly foreignResources: readonly string[];
  };
  readonly #serverless: Serverless;
  readonly #log: FrameworkUtilities["log"];

  constructor(serverless: Serverless, _options: object, { log }: FrameworkUtilities) {
    this.#serverless = serverless;
    this.#log = log;
    this.hooks = {
      "before:package:createDeploymentArtifacts": () => this.#package(this.nonsticky?.functions ?? []),
      "before:deploy:deploy": async () => {
        if (this.nonsticky !== undefined) await warnOfConcurrency(serverless, log);
      },
      // `serverless deploy function`
      "before:package:function:package": () => {
        const { function: name } = serverless.pluginManager.cliOptions;
        return this.#package((this.nonsticky?.functions ?? []).filter((own) => own === name));
      },
      "before:offline:start": () => this.#prepareOffline(),
      "before:offline:start:init": () => this.#prepareOffline(),
      "before:deploy:function:deploy": async () => this.#keepRole(),
    };
  }

  /** The last moment at which the framework takes additions, and before it validates, prints or packages anything. */
  async asyncInit(): Promise<void> {
    if (this.#serverless.processedInput.isHelpRequest) return;
    try {
      await this.#addStack();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      throw new this.#serverless.classes.Error(error.message, "NONSTICKY");
    }
  }

  async #addStack(): Promise<void> {
    const { serviceDir, configurationInput, pluginManager, processedInput } = this.#serverless;
    const framework = openFramework(this.#serverless);
    const { param: given = [] } = processedInput.options;
    const cliParams = processedInput.commands[0] === "offline" ? toOfflineParams(given) : given;
    // A copy: the framework resolves the rest of the original when it knows more, such as options of other plugins.
    const service = JSON.parse(JSON.stringify(configurationInput)) as JsonObject;
    const options = toOptions(pluginManager.cliOptions);
    const unresolved = await framework.resolve({
      serviceDir,
      configuration: service,
      options,
      params: cliParams,
    });
    const blocked = unresolved.find((place) => place.startsWith("custom.nonsticky"));
    if (blocked !== undefined) throw new Error(`expected a value known without asking AWS, got ${blocked}`);

    const provider = service["provider"] as JsonObject;
    const settings = await readSettings((service["custom"] as JsonObject | undefined)?.["nonsticky"]);
    const target = {
      service: String(service["service"]),
      stage: pluginManager.cliOptions["stage"] ?? String(provider["stage"] ?? "dev"),
      region: pluginManager.cliOptions["region"] ?? provider["region"],
      cliParams,
    };
    const [command = ""] = processedInput.commands;
    const resolveSimply = () => resolveOwnStack(framework, settings, target);
    const resolveWithApp = () =>
      resolveForApp(framework, settings, target, {
        serviceDir,
        service,
        warn: (text) => this.#log.warning(text),
      });
    const isShown = command === "print";
    const isMade = ["package", "deploy", "offline"].includes(command);
    const stack = await (settings.start && (isMade || isShown) ? resolveWithApp() : resolveSimply()).catch(
      (error: unknown) => {
        if (!isShown || !(error instanceof Error)) throw error;
        this.#log.warning(`the stack is shown without what only the app says: ${error.message}`);
        return resolveSimply();
      },
    );
    const clashes = findClashes(service, stack);
    if (clashes.length > 0) {
      throw new Error(`expected the service to leave the stack its names, got\n${clashes.join("\n")}`);
    }
    this.nonsticky = {
      app: settings.app,
      replace: settings.replace,
      external: settings.external,
      include: settings.include,
      keep: settings.keep,
      ...(settings.start ? { startWith: environmentOf(stack, service, target) } : {}),
      functions: Object.keys(stack.functions),
      foreignResources: listResources(service),
    };
    for (const [path, value] of mergeStack(configurationInput, stack)) {
      this.#serverless.extendConfiguration(path, value);
    }
  }

  /**
   * `deploy function` wants to name the role again, and refuses one that CloudFormation has named. It is the one that the
   * function has.
   */
  #keepRole(): void {
    const { pluginManager, service } = this.#serverless;
    const { function: name = "" } = pluginManager.cliOptions;
    const deployed = service.provider.remoteFunctionData?.Configuration?.Role;
    if (deployed === undefined || !this.nonsticky?.functions.includes(name)) return;
    service.getFunction(name).role = deployed;
  }

  async #prepareOffline(): Promise<void> {
    if (this.nonsticky === undefined) return;
    const { functions: names, app, replace, external, keep } = this.nonsticky;
    const { prepareOffline } = await import("./offline.ts");
    await prepareOffline(this.#serverless, { names, app, replace, external, keep, outdir: buildDir });
  }

  async #package(names: readonly string[]): Promise<void> {
    if (this.nonsticky === undefined || names.length === 0) return;
    const lines = await packageFunctions(this.#serverless, names, this.nonsticky);
    lines.forEach((line) => this.#log.notice(line));
  }
}

/** Options that are given, as the variable source `opt` knows them. */
function toOptions(options: Readonly<Record<string, Json | undefined>>): JsonObject {
  const given = Object.entries(options).filter(([, value]) => value !== undefined && !isObject(value));
  return Object.fromEntries(given) as JsonObject;
}
