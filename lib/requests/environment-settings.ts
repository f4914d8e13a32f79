import { readOptional, type Environment } from "../env.ts";
import type { EndpointService, Settings } from "./settings.ts";
import type { Credentials } from "./signature.ts";

export interface SettingsOverrides {
  readonly region?: string;
  readonly credentials?: Credentials | (() => Promise<Credentials>);
}

/** Regions whose endpoints end as everywhere: not those of governments' own networks. */
const ORDINARY_REGION = /^(af|ap|ca|eu|il|me|mx|sa|us)-(gov-)?(north|south|east|west|central)[a-z]*-\d+$/;

/**
 * As the SDK finds them. A Lambda function has all in its environment, and so has a process with region, keys and
 * endpoints in its own: there they are read with nothing loaded. What is not there, profiles, single sign-on, roles of
 * instances and containers, endpoints of FIPS and IPv6, the SDK itself is asked for, which is loaded then.
 */
export function createSettings(env: Environment, overrides: SettingsOverrides = {}): Settings {
  const region = overrides.region ?? readOptional(env, "AWS_REGION");
  const credentials = toProvider(overrides.credentials) ?? fromEnvironment(env);
  let asked: Promise<Settings> | undefined;
  const ask = (): Promise<Settings> => {
    asked ??= import("./sdk-settings.ts").then(({ createSdkSettings }) =>
      createSdkSettings(region, credentials),
    );
    // The next request asks anew: a file or a network may be there by then.
    asked.catch(() => (asked = undefined));
    return asked;
  };
  const isOnLambda = readOptional(env, "AWS_LAMBDA_FUNCTION_NAME") !== undefined;
  const isSpecial = ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"].some(
    (name) => readOptional(env, name)?.toLowerCase() === "true",
  );

  return {
    region: async () => region ?? (await ask()).region(),
    credentials: credentials ?? (async () => (await ask()).credentials()),
    async endpoint(service) {
      const given = endpointOf(env, service);
      if (given !== undefined) return given;
      // A profile may name another one, but there are none on Lambda.
      const isOrdinary = isOnLambda && !isSpecial && region !== undefined && ORDINARY_REGION.test(region);
      return isOrdinary ? `https://${service}.${region}.amazonaws.com` : (await ask()).endpoint(service);
    },
  };
}

/** What `AWS_ENDPOINT_URL_DYNAMODB` says, or `AWS_ENDPOINT_URL` for all services. */
function endpointOf(env: Environment, service: EndpointService): string | undefined {
  if (readOptional(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")?.toLowerCase() === "true") return undefined;
  const url =
    readOptional(env, `AWS_ENDPOINT_URL_${service.toUpperCase()}`) ?? readOptional(env, "AWS_ENDPOINT_URL");
  return url?.replace(/\/$/, "");
}

/** Keys that do not expire while the process lives; a profile that is named goes before them, as for the SDK. */
function fromEnvironment(env: Environment): (() => Credentials) | undefined {
  const accessKeyId = readOptional(env, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = readOptional(env, "AWS_SECRET_ACCESS_KEY");
  const sessionToken = readOptional(env, "AWS_SESSION_TOKEN");
  const isLeft = ["AWS_PROFILE", "AWS_CREDENTIAL_EXPIRATION"].some(
    (name) => readOptional(env, name) !== undefined,
  );
  if (accessKeyId === undefined || secretAccessKey === undefined || isLeft) return undefined;
  const credentials = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  return () => credentials;
}

const toProvider = (given: SettingsOverrides["credentials"]): Settings["credentials"] | undefined =>
  given === undefined || typeof given === "function" ? given : () => given;
