import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startLocal, type LocalRuntime } from "../../infra/local/local.ts";
import { read, root } from "./markdown.ts";

let folder: string;
let runtime: LocalRuntime | undefined;
let client: ChildProcess | undefined;

/** A block of the README, by the file name in its first line. */
function block(name: string): string {
  const code = read("README.md").split(`\`\`\`ts\n// ${name}\n`)[1]?.split("\n```")[0];
  if (code === undefined) throw new Error(`expected the README to have a block named ${name}`);
  return code;
}

beforeAll(async () => {
  // Inside the repository, where the client finds its package.
  const cache = path.join(root, ".cache");
  await mkdir(cache, { recursive: true });
  folder = await mkdtemp(path.join(cache, "readme-"));
  await writeFile(path.join(folder, "chat.ts"), block("chat.ts"));
  runtime = await startLocal({ app: path.join(folder, "chat.ts") });
}, 60_000);

afterAll(async () => {
  client?.kill();
  await runtime?.stop();
  await rm(folder, { recursive: true, force: true });
});

it("the README's client hears what it says to the README's server", async () => {
  const file = path.join(folder, "client.mts");
  await writeFile(file, block("client.ts").replace("http://127.0.0.1:3000", runtime?.url ?? ""));

  const started = spawn(process.execPath, ["--import", "tsx", file], { cwd: root });
  client = started;
  const [heard] = (await once(started.stdout, "data")) as [Buffer];

  expect(heard.toString()).toBe("Ada: hello\n");
});
