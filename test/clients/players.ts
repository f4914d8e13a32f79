import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Parser } from "./servers.ts";

/** A client that can be asked for the features: a column of the table. */
export interface Player {
  readonly title: string;
  readonly parser: Parser;
  /** Program and arguments, given the server. */
  readonly command: (url: string, asked: Asked) => readonly [string, ...string[]];
  /** Whether it is asked to get through chaos, too: one of each kind. */
  readonly braves?: boolean;
}

export type Asked = "features" | "chaos";

export interface Outcome {
  readonly feature: string;
  readonly works: boolean;
  readonly word?: string | null;
}

const root = path.resolve(import.meta.dirname, "../..");
const examples = path.join(root, "examples/clients");
const PLAY_MS = 300_000;

/** Asks a server for every feature, on connections of their own. */
export async function play(
  { title, command }: Player,
  url: string,
  asked: Asked = "features",
): Promise<readonly Outcome[]> {
  const [program, ...args] = command(url, asked);
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PYTHONPATH: examples, PYTHONDONTWRITEBYTECODE: "1" },
    timeout: PLAY_MS,
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  await new Promise((resolve, reject) => child.once("close", resolve).once("error", reject));
  const lines = output.split("\n").filter((line) => line.startsWith("{"));
  if (lines.length === 0) throw new Error(`expected outcomes of ${title}, got\n${output}${errors}`);
  return lines.map((line) => JSON.parse(line) as Outcome);
}

/** All clients; throws an error that says what is needed where a tool is not there. */
export function listPlayers(): readonly Player[] {
  const python = findPython();
  const java = compileJava();
  const pythons = (
    [
      ["Python, polling", "sync", "polling", "default", "stock"],
      ["Python, WebSocket", "sync", "websocket", "default", "stock"],
      ["Python, WebSocket, `text_packets`", "sync", "websocket", "default", "remedy"],
      ["Python asyncio, polling", "asyncio", "polling", "default", "stock"],
      ["Python asyncio, WebSocket, `text_packets`", "asyncio", "websocket", "default", "remedy"],
      ["Python, msgpack, WebSocket, `text_packets`", "sync", "websocket", "msgpack", "remedy"],
    ] as const
  ).map(([title, kind, transport, parser, packets]): Player => {
    const features = path.join(import.meta.dirname, "python/features.py");
    const options = [kind, transport, parser, packets];
    const command: Player["command"] = (url, asked) => [python, features, url, ...options, asked];
    return {
      title,
      parser,
      command,
      braves: parser === "default" && (packets === "remedy" || transport === "polling"),
    };
  });
  const javas = (
    [
      ["Java, polling", "polling", "stock"],
      ["Java, WebSocket", "websocket", "stock"],
      ["Java, WebSocket, `TextFrames`", "websocket", "remedy"],
    ] as const
  ).map(([title, transport, factory]): Player => {
    const options = ["-Dfile.encoding=UTF-8", "-cp", java, "Features"];
    const command: Player["command"] = (url, asked) => ["java", ...options, url, transport, factory, asked];
    return { title, parser: "default", command, braves: factory === "remedy" || transport === "polling" };
  });
  return [...pythons, ...javas];
}

/** In the virtual environment that .ci/run makes, or in the PATH. */
function findPython(): string {
  const modules = "import socketio, requests, websocket, aiohttp, msgpack";
  const found = [path.join(root, ".cache/tools/python/bin/python"), "python3"].find(
    (python) => spawnSync(python, ["-c", modules]).status === 0,
  );
  if (found !== undefined) return found;
  throw new Error(
    "expected Python with the packages of scripts/requirements.txt, got none:\n" +
      "  python3 -m venv .cache/tools/python\n" +
      "  .cache/tools/python/bin/pip install -r scripts/requirements.txt",
  );
}

/** The class path of the client, which Maven brings, and of the program. */
function compileJava(): string {
  const cache = path.join(root, ".cache/tools/java-clients");
  const libraries = path.join(cache, "lib");
  const classes = path.join(cache, "classes");
  const pom = readFileSync(path.join(import.meta.dirname, "java/pom.xml"), "utf8");
  mkdirSync(cache, { recursive: true });
  const installed = path.join(cache, "pom.xml");
  if (!existsSync(libraries) || !existsSync(installed) || readFileSync(installed, "utf8") !== pom) {
    rmSync(libraries, { recursive: true, force: true });
    writeFileSync(installed, pom);
    const copy = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";
    const options = ["-DincludeScope=runtime", `-DoutputDirectory=${libraries}`];
    run("mvn", ["--quiet", "--batch-mode", copy, ...options], cache, "Maven, to fetch the Java client once");
  }
  const sources = [
    path.join(examples, "TextFrames.java"),
    path.join(import.meta.dirname, "java/Features.java"),
  ];
  mkdirSync(classes, { recursive: true });
  const arguments_ = ["-encoding", "UTF-8", "-d", classes, "-cp", `${libraries}/*`, ...sources];
  run("javac", arguments_, root, "a JDK of Java 11 or newer");
  return `${classes}${path.delimiter}${libraries}/*`;
}

function run(program: string, args: readonly string[], cwd: string, need: string): void {
  const { status, error } = spawnSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (error !== undefined) throw new Error(`expected ${program}, got ${error.message}: it needs ${need}`);
  if (status !== 0) throw new Error(`expected ${program} to succeed, got exit code ${status}`);
}
