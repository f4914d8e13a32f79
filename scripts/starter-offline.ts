import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Socket } from "socket.io-client";
import { findFreePort } from "./free-port.ts";
import type { Project } from "./starter-deploy.ts";

type Connect = (url: string, transport: string) => Promise<Socket>;

/** As of this repository's own tests. */
const { devDependencies } = JSON.parse(
  readFileSync(path.join(import.meta.dirname, "../package.json"), "utf8"),
) as { readonly devDependencies: Readonly<Record<string, string>> };
const START_MS = 90_000;

/** `serverless offline` in a service that has the plugin, and nothing of this repository. Clients of both kinds meet. */
export async function serveOffline(project: Project, connect: Connect): Promise<void> {
  const { folder, env } = project;
  // It wants a package of the name `serverless`, and npm would bring the one that needs a licence.
  const packages = ["serverless", "serverless-offline"].map((name) => `${name}@${devDependencies[name]}`);
  execFileSync("npm", ["install", "--save-dev", "--prefer-offline", "--no-audit", "--no-fund", ...packages], {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const file = path.join(folder, "serverless.yml");
  const listed = "plugins:\n  - nonsticky/serverless\n";
  writeFileSync(file, readFileSync(file, "utf8").replace(listed, `${listed}  - serverless-offline\n`));

  const [http = "", websocket = "", lambda = ""] = (
    await Promise.all([findFreePort(), findFreePort(), findFreePort()])
  ).map(String);
  const child = spawn(
    path.join(folder, "node_modules/.bin/serverless"),
    ["offline", "--httpPort", http, "--websocketPort", websocket, "--lambdaPort", lambda],
    { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  try {
    const urls = () => [...output.matchAll(/^ready io\("([^"]+)"/gm)].map(([, url = ""]) => url);
    const giveUpAtMs = Date.now() + START_MS;
    while (urls().length < 2) {
      if (child.exitCode !== null || Date.now() > giveUpAtMs) {
        throw new Error(`expected serverless offline to say how clients connect, got\n${output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await meet(urls(), connect);
  } finally {
    if (child.exitCode === null) {
      child.kill("SIGTERM");
      await once(child, "close");
    }
  }
}

async function meet([polling = "", websocket = ""]: readonly string[], connect: Connect): Promise<void> {
  const clients = [await connect(polling, "polling"), await connect(websocket, "websocket")];
  const people = [];
  for (const client of clients)
    people.push((await client.timeout(20_000).emitWithAck("enter", "lobby")) as number);
  if (people.join() !== "1,2")
    throw new Error(`expected one and then two in the room, got ${people.join(", ")}`);
  for (const client of clients) client.disconnect();
}
