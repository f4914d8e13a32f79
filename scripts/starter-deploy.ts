import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { buffer } from "node:stream/consumers";

/** Where somebody's service is, and in what environment its commands run. */
export interface Project {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What was asked of the account that is none: a service's action or, of Lambda, method and path; and the body. */
interface Call {
  readonly name: string;
  readonly body: Buffer;
}

const ROLE = "arn:aws:iam::123456789012:role/starter-dev-InboxRole";

/**
 * `serverless deploy` up to the first thing that it asks of the account for the stack: whatever is wrong with the service
 * and its archives is said before.
 */
export async function deployToFirstCall(project: Project): Promise<void> {
  const { output, calls } = await runWithoutAccount(project, ["deploy"]);
  if (calls.some(({ name }) => name === "DescribeStacks")) return;
  throw new Error(`expected serverless deploy to get as far as the account, got\n${output}`);
}

/** `serverless deploy function`: its own archive goes up, and the role that it has stays. */
export async function deployOneFunction(project: Project, name: string, file: string): Promise<void> {
  const { output, calls, code } = await runWithoutAccount(project, ["deploy", "function", "-f", name]);
  const find = (start: string, end: string) =>
    calls.find((call) => call.name.startsWith(start) && call.name.endsWith(end));
  const uploaded = find("PUT ", "/code");
  const configured = find("PUT ", "/configuration");
  if (code !== 0 || uploaded === undefined) {
    throw new Error(`expected serverless deploy function to succeed, got exit code ${code}\n${output}`);
  }
  const { ZipFile } = JSON.parse(uploaded.body.toString()) as { ZipFile: string };
  // Archives name their files in plain text.
  if (!Buffer.from(ZipFile, "base64").includes(file)) {
    throw new Error(`expected ${file} in the archive of ${name}, got an archive without it`);
  }
  const settings = JSON.parse(configured?.body.toString() ?? "{}") as { Role?: unknown };
  if (settings.Role !== undefined) throw new Error(`expected the role to stay, got ${String(settings.Role)}`);
}

async function runWithoutAccount({ folder, env }: Project, command: readonly string[]) {
  const calls: Call[] = [];
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const name = toName(request, body);
      calls.push({ name, body });
      const isFunction = / \/2015-03-31\/functions\//.test(name);
      response.writeHead(isFunction ? 200 : 400, { "content-type": "application/json" });
      response.end(isFunction ? describeFunction(name) : '{"__type":"AccessDeniedException"}');
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    const child = spawn(path.join(folder, "node_modules/.bin/serverless"), command, {
      cwd: folder,
      env: {
        ...env,
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        AWS_ACCESS_KEY_ID: "local",
        AWS_SECRET_ACCESS_KEY: "local",
        AWS_EC2_METADATA_DISABLED: "true",
        AWS_MAX_ATTEMPTS: "1",
        SLS_NOTIFICATIONS_MODE: "off",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (output += text));
    }
    const [code] = (await once(child, "close")) as [number | null];
    return { calls, output, code };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** `Action=…` of a form, or method and path. */
function toName({ method, url }: IncomingMessage, body: Buffer): string {
  return new URLSearchParams(body.toString()).get("Action") ?? `${method} ${url?.split("?")[0]}`;
}

/** A function that is deployed: `GET …/functions/NAME` wraps what the updates answer. */
function describeFunction(name: string): string {
  const configuration = {
    FunctionName: name.split("/")[3],
    PackageType: "Zip",
    Role: ROLE,
    CodeSha256: "another",
    State: "Active",
    LastUpdateStatus: "Successful",
  };
  return JSON.stringify(name.startsWith("GET") ? { Configuration: configuration } : configuration);
}
