import { createRequire } from "node:module";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** The framework's instance, as far as this plugin looks into it. */
export interface Serverless {
  serviceDir: string;
  readonly configurationInput: JsonObject;
  readonly processedInput: {
    readonly isHelpRequest: boolean;
    /** The words of the command, such as `offline`, `start`. */
    readonly commands: readonly string[];
    readonly options: { readonly param?: readonly string[] };
  };
  readonly service: {
    package: JsonObject;
    readonly service: string;
    readonly custom?: JsonObject;
    readonly resources?: Json;
    readonly provider: {
      readonly stage: string;
      readonly region: string;
      environment?: Record<string, Json>;
      /** What `deploy function` has found in the account. */
      readonly remoteFunctionData?: { readonly Configuration?: { readonly Role?: string } };
    };
    getAllFunctions(): readonly string[];
    getFunction(name: string): FunctionDefinition;
  };
  readonly pluginManager: {
    readonly cliOptions: Readonly<Record<string, string | undefined>>;
    readonly plugins: readonly object[];
  };
  /** What the command line prints without a stack trace. */
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
  extendConfiguration(path: readonly string[], value: Json): void;
}

/** What the framework gives a plugin besides itself. */
export interface FrameworkUtilities {
  readonly log: { notice(text: string): void; warning(text: string): void };
}

export interface FunctionDefinition {
  handler: string;
  environment?: Record<string, Json>;
  package?: { readonly patterns?: readonly string[]; artifact?: string; readonly individually?: boolean };
  role?: string;
}

interface Resolution {
  /** What `${file(…)}` is relative to. */
  readonly serviceDir: string;
  readonly configuration: JsonObject;
  readonly options: JsonObject;
  /** `NAME=VALUE` of the command line, which beat `configuration.params`. */
  readonly params: readonly string[];
}

export interface Framework {
  /** Reads YAML as the framework does, with the short forms of CloudFormation's functions. */
  readonly readYaml: (file: string) => Promise<JsonObject>;
  /**
   * The configuration with its variables resolved, and what could not be: those that ask AWS stay as they are written.
   * Changes what it is given.
   */
  readonly resolve: (resolution: Resolution) => Promise<readonly string[]>;
}

interface Meta {
  readonly error?: Error;
}

/**
 * The inside of the framework that runs this plugin. A configuration is resolved by nobody else's rules than its own, and
 * it offers no other way to resolve one that is not the service's.
 */
export function openFramework(serverless: Serverless): Framework {
  const { cache } = createRequire(import.meta.url);
  const main = Object.values(cache).find((module) => module?.exports === serverless.constructor);
  if (main === undefined) throw new Error("expected osls to have loaded this plugin, got another framework");
  const require = createRequire(main.filename);
  const variables = "./configuration/variables";
  const resolveMeta = require(`${variables}/resolve-meta.js`) as (
    configuration: JsonObject,
  ) => Map<string, Meta>;
  const resolveVariables = require(`${variables}/resolve.js`) as (request: unknown) => Promise<void>;
  const source = (name: string): unknown => require(`${variables}/sources/${name}.js`);
  const sourceOf = (name: string, instance: unknown): unknown =>
    (require(`${variables}/sources/instance-dependent/${name}.js`) as (instance: unknown) => unknown)(
      instance,
    );

  return {
    readYaml: require("./configuration/read.js") as Framework["readYaml"],
    async resolve({ serviceDir, configuration, options, params }) {
      const instance = { configurationInput: configuration, processedInput: { options: { param: params } } };
      const sources = {
        env: source("env"),
        file: source("file"),
        opt: source("opt"),
        self: source("self"),
        strToBool: source("str-to-bool"),
        sls: sourceOf("get-sls", instance),
        param: sourceOf("param", instance),
      };
      const variablesMeta = resolveMeta(configuration);
      const fulfilledSources = new Set(Object.keys(sources));
      await resolveVariables({
        serviceDir,
        configuration,
        variablesMeta,
        sources,
        options,
        fulfilledSources,
      });
      return [...variablesMeta].map(([path, { error }]) => {
        const place = path.replaceAll("\0", ".");
        return error === undefined ? place : `${place}: ${error.message}`;
      });
    },
  };
}
