import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findFreePort } from "./free-port.ts";

/**
 * `npm run test:dynamodb-local`: the contract of the store on Amazon's own DynamoDB Local, which Maven brings, in memory
 * and on a free port. Arguments are vitest's, in place of the suites below.
 */

const version = "2.6.1";
const startTimeoutMs = 30_000;

/** Those that talk to a DynamoDB: the contract, and what depends on how requests are repeated or interleaved. */
const suites = [
  "test/state/dynamo/dynamo-store.test.ts",
  "test/state/dynamo/sharded-rooms.test.ts",
  "test/state/dynamo/lost-answers.test.ts",
  "test/state/dynamo/lost-shared-answers.test.ts",
  "test/state/dynamo/outbox-repeats.test.ts",
  "test/state/outbox-programs.test.ts",
  "test/state/same-answers.test.ts",
];

const root = path.dirname(import.meta.dirname);
const cache = path.join(root, `.cache/tools/dynamodb-local-${version}`);

/** Runtime dependencies, and among them, as files of type `so` and `dll`, the natives of SQLite. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>dynamodb-local</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>${version}</version>
    </dependency>
  </dependencies>
</project>
`;

requireCommand("java", "-version", "Java 17 or newer, to run DynamoDB Local");
const libraries = installDynamo();
const server = await startDynamo(libraries);
try {
  const files = process.argv.slice(2);
  const suite = spawn("npx", ["vitest", "run", ...(files.length > 0 ? files : suites)], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NONSTICKY_TEST_DYNAMODB: server.endpoint },
  });
  process.exitCode = (await ended(suite)) ?? 1;
} finally {
  server.child.kill("SIGKILL");
  await ended(server.child);
}

/** Where its libraries are; Maven copies them when they are not there yet. */
function installDynamo(): string {
  const folder = path.join(cache, "lib");
  if (existsSync(folder)) return folder;
  requireCommand("mvn", "-version", "Maven, to fetch DynamoDB Local once");
  mkdirSync(cache, { recursive: true });
  writeFileSync(path.join(cache, "pom.xml"), pom);
  const partial = path.join(cache, `lib.${process.pid}`);
  const run = spawnSync(
    "mvn",
    [
      "--quiet",
      "--batch-mode",
      "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
      "-DincludeScope=runtime",
      `-DoutputDirectory=${partial}`,
    ],
    { cwd: cache, stdio: ["ignore", "inherit", "inherit"] },
  );
  if (run.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    console.error(
      `expected Maven to fetch com.amazonaws:DynamoDBLocal:${version}, got exit code ${run.status}`,
    );
    process.exit(1);
  }
  renameSync(partial, folder);
  return folder;
}

async function startDynamo(folder: string): Promise<{ endpoint: string; child: ChildProcess }> {
  const port = await findFreePort();
  const child = spawn(
    "java",
    [
      `-Djava.library.path=${folder}`,
      "-classpath",
      path.join(folder, "*"),
      "com.amazonaws.services.dynamodbv2.local.main.ServerRunner",
      "-inMemory",
      "-disableTelemetry",
      "-port",
      String(port),
    ],
    { cwd: cache, stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => (output = (output + chunk).slice(-4_000)));
  }
  const endpoint = `http://127.0.0.1:${port}`;
  const giveUpAtMs = Date.now() + startTimeoutMs;
  // A request without a signature is answered as soon as anything answers.
  while (
    !(await fetch(endpoint).then(
      () => true,
      () => false,
    ))
  ) {
    if (child.exitCode !== null || Date.now() > giveUpAtMs) {
      child.kill("SIGKILL");
      throw new Error(
        `expected DynamoDB Local to listen on ${port}, got exit code ${child.exitCode}\n${output}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  console.log(`DynamoDB Local ${version}, process ${child.pid}, at ${endpoint}`);
  return { endpoint, child };
}

function requireCommand(command: string, argument: string, what: string): void {
  if (spawnSync(command, [argument], { stdio: "ignore" }).status === 0) return;
  console.error(`expected ${command} in the PATH, got none. Needed: ${what}`);
  process.exit(1);
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once("close", (code) => resolve(code)));
}
