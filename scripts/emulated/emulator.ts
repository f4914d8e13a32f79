import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "../free-port.ts";

/** ministack, with `patches/`, in a process of its own: AWS at loopback, in memory, with signatures and IAM enforced. */
export interface Emulator {
  readonly pid: number;
  /** For processes that mean AWS: who they are, where it is, and nothing of the shell's own account. */
  readonly env: Readonly<Record<string, string>>;
  /** What was asked of it without permission, and everything else it complains about. */
  readLog(): string;
  stop(): Promise<void>;
}

export const region = "us-east-1";
const startTimeoutMs = 60_000;
const here = import.meta.dirname;

export async function startEmulator(python: string, velocity: readonly string[]): Promise<Emulator> {
  const folder = mkdtempSync(path.join(tmpdir(), "nonsticky-emulated-"));
  const port = await findFreePort();
  const certificate = makeCertificate(folder);
  const { HOME = "", PATH = "" } = process.env;
  const env: Record<string, string> = {
    HOME,
    PATH,
    CI: "true",
    NODE_OPTIONS: `--require=${path.join(here, "reroute.cjs")}`,
    NODE_EXTRA_CA_CERTS: certificate.file,
    NONSTICKY_EMULATOR_PORT: String(port),
    AWS_ENDPOINT_URL: `https://127.0.0.1:${port}`,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_SHARED_CREDENTIALS_FILE: path.join(folder, "none"),
    AWS_CONFIG_FILE: path.join(folder, "none"),
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    SLS_NOTIFICATIONS_MODE: "off",
    SLS_AWS_MONITORING_FREQUENCY: "200",
  };
  const child = spawn(python, [path.join(here, "launch.py")], {
    cwd: folder,
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      ...env,
      AUTH: "true",
      USE_SSL: "1",
      MINISTACK_SSL_CERT: certificate.file,
      MINISTACK_SSL_KEY: certificate.keyFile,
      MINISTACK_HOST: `${region}.amazonaws.com`,
      BIND_HOST: "127.0.0.1",
      GATEWAY_PORT: String(port),
      TMPDIR: folder,
      LOG_LEVEL: "INFO",
      PYTHONDONTWRITEBYTECODE: "1",
      NONSTICKY_VELOCITY: JSON.stringify(velocity),
      // What it lends functions and their clients must not be overridden by what they inherit.
      SSL_CERT_FILE: certificate.file,
    },
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (log += chunk));
  }
  const emulator: Emulator = {
    pid: child.pid ?? 0,
    env,
    readLog: () => log,
    async stop() {
      child.kill("SIGTERM");
      const isGone = await Promise.race([ended(child).then(() => true), sleep(5_000, false, { ref: false })]);
      if (!isGone) child.kill("SIGKILL");
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await untilUp(child, port, emulator);
  } catch (error) {
    await emulator.stop();
    throw error;
  }
  return emulator;
}

/** The names that clients and functions call, signed by itself. */
function makeCertificate(folder: string): { readonly file: string; readonly keyFile: string } {
  const [file, keyFile, config] = ["cert.pem", "key.pem", "req.cnf"].map((name) =>
    path.join(folder, name),
  ) as [string, string, string];
  const names = ["localhost", "*.amazonaws.com", `*.${region}.amazonaws.com`, "*.cloudfront.net"];
  names.push(`*.execute-api.${region}.amazonaws.com`, `*.s3.${region}.amazonaws.com`);
  writeFileSync(
    config,
    `[req]\ndistinguished_name=name\n[name]\n[v3]\nbasicConstraints=CA:TRUE\n` +
      `subjectAltName=IP:127.0.0.1,${names.map((name) => `DNS:${name}`).join(",")}\n`,
  );
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=emulated"];
  execFileSync(
    "openssl",
    [...request, "-config", config, "-extensions", "v3", "-keyout", keyFile, "-out", file],
    {
      stdio: "ignore",
    },
  );
  return { file, keyFile };
}

async function untilUp(child: ChildProcess, port: number, { readLog }: Emulator): Promise<void> {
  const giveUpAtMs = Date.now() + startTimeoutMs;
  while (!readLog().includes(`Running on https://127.0.0.1:${port}`)) {
    if (child.exitCode !== null || Date.now() > giveUpAtMs) {
      throw new Error(
        `expected ministack to listen on ${port}, got exit code ${child.exitCode}\n${readLog().slice(-2_000)}`,
      );
    }
    await sleep(100);
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("close", () => resolve()));
}
