import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createSettings } from "../../lib/requests/environment-settings.ts";
import { createSdkSettings } from "../../lib/requests/sdk-settings.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), "nonsticky-settings-"));
  for (const name of Object.keys(process.env)) if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
  vi.stubEnv("AWS_CONFIG_FILE", path.join(directory, "config"));
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", path.join(directory, "credentials"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(directory, { recursive: true, force: true });
});

const keys = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" };
const lambda = { AWS_LAMBDA_FUNCTION_NAME: "inbox", ...keys };

const stub = (env: Readonly<Record<string, string>>): void => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
};

describe("settings", () => {
  it.each<[string, Readonly<Record<string, string>>]>([
    ["Lambda", { ...lambda, AWS_REGION: "eu-west-1" }],
    ["Lambda in China", { ...lambda, AWS_REGION: "cn-north-1" }],
    ["Lambda in GovCloud", { ...lambda, AWS_REGION: "us-gov-west-1" }],
    ["Lambda in an isolated region", { ...lambda, AWS_REGION: "us-iso-east-1" }],
    ["Lambda with FIPS", { ...lambda, AWS_REGION: "us-east-1", AWS_USE_FIPS_ENDPOINT: "true" }],
    [
      "Lambda with FIPS in GovCloud",
      { ...lambda, AWS_REGION: "us-gov-west-1", AWS_USE_FIPS_ENDPOINT: "true" },
    ],
    ["Lambda with IPv6", { ...lambda, AWS_REGION: "eu-west-1", AWS_USE_DUALSTACK_ENDPOINT: "true" }],
    [
      "an endpoint of a service",
      { ...keys, AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:8000/" },
    ],
    [
      "an endpoint of all services",
      { ...keys, AWS_REGION: "eu-west-1", AWS_ENDPOINT_URL: "https://proxy.example:8443" },
    ],
    [
      "an endpoint that does not count",
      {
        ...lambda,
        AWS_REGION: "eu-west-1",
        AWS_ENDPOINT_URL: "http://127.0.0.1:1",
        AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true",
      },
    ],
    ["keys alone", { ...keys, AWS_REGION: "eu-north-1" }],
  ])("of %s send requests where the SDK does", async (_, env) => {
    stub(env);
    const own = createSettings(process.env);
    const sdk = createSdkSettings(undefined, undefined);

    for (const service of ["dynamodb", "lambda"] as const)
      expect(await own.endpoint(service)).toBe(await sdk.endpoint(service));
    expect(await own.region()).toBe(await sdk.region());
    expect(await own.credentials()).toMatchObject({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" });
  });

  it("are those of a profile, with all that it names", async () => {
    stub({ AWS_PROFILE: "dev", ...keys });
    await writeFile(
      path.join(directory, "config"),
      "[profile dev]\nregion = eu-south-2\nservices = local\n[services local]\ndynamodb =\n  endpoint_url = http://127.0.0.1:8001\n",
    );
    await writeFile(
      path.join(directory, "credentials"),
      "[dev]\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = other\n",
    );

    const settings = createSettings(process.env);

    expect(await settings.region()).toBe("eu-south-2");
    expect(await settings.endpoint("dynamodb")).toBe("http://127.0.0.1:8001");
    expect(await settings.credentials()).toMatchObject({ accessKeyId: "AKIDPROFILE" });
  });

  it("have the session's token where there is one", async () => {
    stub({ ...lambda, AWS_REGION: "eu-west-1", AWS_SESSION_TOKEN: "token" });

    expect(await createSettings(process.env).credentials()).toEqual({
      accessKeyId: "AKIDEXAMPLE",
      secretAccessKey: "secret",
      sessionToken: "token",
    });
  });

  it("say what is missing, as the SDK does, and look again", async () => {
    const settings = createSettings(process.env);

    await expect(settings.region()).rejects.toThrow("Region is missing");
    await expect(settings.endpoint("dynamodb")).rejects.toThrow("Region is missing");
    await expect(settings.credentials()).rejects.toMatchObject({ name: "CredentialsProviderError" });
  });

  it("are found once for several requests that are the first", async () => {
    stub({ ...keys, AWS_REGION: "eu-west-1" });
    const settings = createSdkSettings(undefined, undefined);

    const found = await Promise.all([1, 2, 3].map(() => settings.endpoint("dynamodb")));

    expect(found).toEqual(Array(3).fill("https://dynamodb.eu-west-1.amazonaws.com"));
  });

  it("are what they are told before anything else", async () => {
    stub({ ...lambda, AWS_REGION: "eu-west-1" });
    const credentials = { accessKeyId: "A", secretAccessKey: "B" };
    const settings = createSettings(process.env, { region: "eu-west-3", credentials });

    expect([await settings.region(), await settings.credentials()]).toEqual(["eu-west-3", credentials]);
  });
});
