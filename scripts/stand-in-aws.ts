import { spawn, type ChildProcess } from "node:child_process";
import { findFreePort } from "./free-port.ts";

/** moto's server: a stand-in for AWS in one process, in memory. */
export interface StandIn {
  readonly endpoint: string;
  readonly pid: number;
  /** An API call, unsigned; resolves to its status and body, whatever they are. */
  call(request: StandInRequest): Promise<{ readonly status: number; readonly text: string }>;
  stop(): Promise<void>;
}

/** One of the three ways in which AWS's services are spoken to. */
export type StandInRequest =
  | { readonly service: string; readonly target: string; readonly body: unknown }
  | { readonly service: string; readonly form: Readonly<Record<string, string>> }
  | { readonly service: string; readonly path: string };

export const standInRegion = "us-east-1";
const startTimeoutMs = 60_000;

/** Starts it on a free port of the loopback interface. `cwd` gets the files that it leaves. */
export async function startStandIn(command: string, cwd: string): Promise<StandIn> {
  const port = await findFreePort();
  const child = spawn(command, ["--host", "127.0.0.1", "--port", String(port)], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (output = (output + chunk).slice(-4_000)));
  }
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAtMs = Date.now() + startTimeoutMs;
  while (!(await isUp(endpoint))) {
    if (child.exitCode !== null || Date.now() > giveUpAtMs) {
      child.kill("SIGKILL");
      throw new Error(`expected ${command} to listen on ${port}, got exit code ${child.exitCode}\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return {
    endpoint,
    pid: child.pid ?? 0,
    call: (request) => call(endpoint, request),
    async stop() {
      child.kill("SIGKILL");
      await ended(child);
    },
  };
}

async function call(endpoint: string, request: StandInRequest): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> = {
    authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${standInRegion}/${request.service}/aws4_request, SignedHeaders=host, Signature=0`,
  };
  let init: RequestInit = { headers };
  if ("target" in request) {
    headers["content-type"] = "application/x-amz-json-1.1";
    headers["x-amz-target"] = request.target;
    init = { method: "POST", headers, body: JSON.stringify(request.body) };
  } else if ("form" in request) {
    init = { method: "POST", headers, body: new URLSearchParams(request.form) };
  }
  const response = await fetch(`${endpoint}${"path" in request ? request.path : "/"}`, init);
  return { status: response.status, text: await response.text() };
}

const isUp = (endpoint: string): Promise<boolean> =>
  fetch(`${endpoint}/moto-api/`).then(
    () => true,
    () => false,
  );

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("close", () => resolve()));
}
