import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { io, type Socket } from "socket.io-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, within } from "../support/waiting.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const running: { kill(signal: NodeJS.Signals): boolean; exitCode: number | null }[] = [];
/** Outside the repository, with no `node_modules` above it. */
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "nonsticky-dev-"));
});
afterEach(async () => {
  for (const child of running.splice(0)) if (child.exitCode === null) child.kill("SIGKILL");
  await rm(dir, { recursive: true, force: true });
});

const chat = (answer: string) => `
import { Server } from "nonsticky";
export const io = new Server();
io.on("connection", (socket) => {
  socket.on("ask", (ack) => ack(${JSON.stringify(answer)}));
});
`;

async function writeApp(name: string, source: string): Promise<string> {
  const file = path.join(dir, name);
  await writeFile(file, source);
  return file;
}

function dev(...args: string[]) {
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=nonsticky-source", "infra/local/dev.ts", ...args],
    { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  running.push(child);
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exited = once(child, "close").then(([code]) => code as number | null);
  const explain = () => `got ${JSON.stringify(output)}`;
  return {
    child,
    output,
    exited: () => within(exited, explain, 30_000),
    async ready(): Promise<string> {
      await eventually(() => output.stdout.includes("\n") || child.exitCode !== null, explain, 30_000);
      expect(output.stdout, explain()).toMatch(/^ready http:\/\/127\.0\.0\.1:\d+\n$/);
      return output.stdout.trim().slice("ready ".length);
    },
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const entries = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const parents = entries.map(async (name) => {
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    return { pid: Number(name), parent: Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]) };
  });
  return (await Promise.all(parents)).filter(({ parent }) => parent === pid).map((found) => found.pid);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const ask = (socket: Socket): Promise<unknown> => socket.timeout(8000).emitWithAck("ask");

describe("the dev command", { timeout: 90_000 }, () => {
  it("serves an app outside the repository, takes its edits without cutting connections, and ends its children", async () => {
    const app = await writeApp("app.ts", chat("one"));
    const command = dev("--app", app, "--port", "0");
    const url = await command.ready();
    const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
    expect(await ask(socket)).toBe("one");
    const { id } = socket;

    await writeApp("app.ts", chat("two"));
    await eventually(
      () => command.output.stderr.includes("reloaded"),
      () => command.output.stderr,
      15_000,
    );
    expect(await ask(socket)).toBe("two");
    expect(socket.id).toBe(id);

    await writeApp("app.ts", "this is not TypeScript");
    await eventually(
      () => command.output.stderr.includes(`expected ${app} to build`),
      () => command.output.stderr,
      15_000,
    );
    expect(await ask(socket)).toBe("two");

    socket.close();
    const children = await childrenOf(command.child.pid!);
    expect(children.length).toBeGreaterThan(3);
    command.child.kill("SIGTERM");
    expect(await command.exited()).toBe(0);
    expect(command.output.stdout).toBe(`ready ${url}\n`);
    await eventually(
      () => !children.some(isAlive),
      () => `some of ${children.join()} live on`,
    );
  });

  it.each([[[]], [["--freeze"]]])("leaves nobody behind when it is killed: %o", async (options) => {
    const app = await writeApp("app.mjs", chat("x"));
    const command = dev("--app", app, "--port", "0", ...options);
    await command.ready();
    const children = await childrenOf(command.child.pid!);

    command.child.kill("SIGKILL");

    await eventually(
      () => !children.some(isAlive),
      () => `some of ${children.join()} live on`,
    );
  });

  it("takes a CommonJS app", async () => {
    const app = await writeApp(
      "app.cjs",
      `const { Server } = require("nonsticky"); exports.io = new Server();
       exports.io.on("connection", (socket) => socket.on("ask", (ack) => ack("cjs")));`,
    );
    const command = dev("--app", app, "--port", "0");
    const socket = io(await command.ready(), { transports: ["websocket"], forceNew: true });

    expect(await ask(socket)).toBe("cjs");
    socket.close();
    command.child.kill("SIGINT");
    expect(await command.exited()).toBe(0);
  });

  it.each([
    [
      "nothing it needs",
      "export const a = 1; export default {};",
      "expected the app to make a `new Server()`, or its module to export `io` or `engine`, got neither",
    ],
    ["an error at load", 'export const io = null; throw new Error("my own mistake");', "my own mistake"],
    ["an unknown import", 'export { io } from "no-such-package";', 'Could not resolve "no-such-package"'],
  ])("refuses an app with %s before it is ready", async (_, source, message) => {
    const app = await writeApp("app.ts", source);
    const command = dev("--app", app, "--port", "0");

    expect(await command.exited()).toBe(1);
    expect(command.output.stderr).toContain(`expected ${app}`);
    expect(command.output.stderr).toContain(message);
    expect(command.output.stdout).toBe("");
  });

  it("says which port is taken, which app is missing and which option it does not know", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as AddressInfo;
    const commands = [
      {
        command: dev("--port", String(port)),
        code: 1,
        message: `expected port ${port} to be free, got a port in use`,
      },
      {
        command: dev("--app", "no/such.ts", "--port", "0"),
        code: 2,
        message: "no/such.ts, which does not exist",
      },
      { command: dev("--color"), code: 2, message: "Unknown option '--color'" },
    ];

    for (const { command, code, message } of commands) {
      expect(await command.exited()).toBe(code);
      expect(command.output.stderr).toContain(message);
      expect(command.output.stdout).toBe("");
    }
    blocker.close();
  });
});
