import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

/** 1.7 is what API Gateway's documentation describes; 2.4 is what Apache maintains. */
export const velocityVersions = ["1.7", "2.4.1"] as const;
export type VelocityVersion = (typeof velocityVersions)[number];

/** What a template sees. Names of `$context` may have dots: `authorizer.sid`. */
export interface TemplateInput {
  readonly body?: string;
  readonly context: Readonly<Record<string, string | number>>;
}

/** An engine of Apache Velocity in a process of its own. */
export interface Velocity {
  render(template: string, input: TemplateInput): Promise<string>;
  stop(): Promise<void>;
}

/** What Maven is asked for, `group:artifact:version`; it finds what these need. */
const artifacts: Readonly<Record<VelocityVersion, readonly string[]>> = {
  "1.7": ["org.apache.velocity:velocity:1.7"],
  "2.4.1": ["org.apache.velocity:velocity-engine-core:2.4.1", "org.slf4j:slf4j-nop:1.7.36"],
};

const root = path.resolve(import.meta.dirname, "../..");

/** The command line of a renderer, and its first use fetches it; undefined, after saying what to do, where Java or Maven lacks. */
export function findVelocity(version: VelocityVersion): readonly string[] | undefined {
  if (!has("javac", "-version")) return explain("a JDK, 17 or newer (javac and java)");
  const libraries = path.join(root, `.cache/tools/velocity-${version}`);
  if (!existsSync(libraries)) {
    if (!has("mvn", "-version")) return explain("Maven, to fetch Apache Velocity once");
    fetchArtifacts(version, libraries);
  }
  const classes = path.join(libraries, "classes");
  const source = path.join(import.meta.dirname, "Render.java");
  mkdirSync(classes, { recursive: true });
  const compiled = spawnSync("javac", ["-cp", path.join(libraries, "*"), "-d", classes, source], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (compiled.status !== 0) throw new Error(`expected javac to compile ${source}`);
  return [
    "java",
    "-XX:TieredStopAtLevel=1",
    "-cp",
    [path.join(libraries, "*"), classes].join(path.delimiter),
    "Render",
  ];
}

export function startVelocity([command = "", ...args]: readonly string[]): Velocity {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => waiting.shift()?.(line));
  return {
    async render(template, { body, context }) {
      const fields = [template, body, ...Object.entries(context).flat().map(String)];
      child.stdin.write(`${fields.map(encode).join(" ")}\n`);
      const line = await Promise.race([
        new Promise<string>((resolve) => waiting.push(resolve)),
        ended.then(() => "!the process ended"),
      ]);
      if (line.startsWith("!"))
        throw new Error(`expected Velocity to render a template, got ${line.slice(1)}`);
      return Buffer.from(line, "base64").toString("utf8");
    },
    stop() {
      child.stdin.end();
      return ended;
    },
  };
}

function fetchArtifacts(version: VelocityVersion, libraries: string): void {
  const partial = `${libraries}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  writeFileSync(path.join(partial, "pom.xml"), toPom(artifacts[version]));
  const run = spawnSync(
    "mvn",
    [
      ...["--quiet", "--batch-mode", "-Dstyle.color=never"],
      "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies",
      ...["-DincludeScope=runtime", "-DoutputDirectory=."],
    ],
    { cwd: partial, stdio: ["ignore", "inherit", "inherit"] },
  );
  if (run.status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    throw new Error(`expected Maven to fetch Apache Velocity ${version}, got exit code ${run.status}`);
  }
  renameSync(partial, libraries);
}

function toPom(dependencies: readonly string[]): string {
  const listed = dependencies.map((one) => {
    const [group, artifact, version] = one.split(":");
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>local</groupId>
<artifactId>velocity</artifactId><version>1</version><packaging>pom</packaging>
<dependencies>${listed.join("")}</dependencies></project>
`;
}

/** The colon keeps an empty text from being no field at all. */
const encode = (field: string | undefined): string =>
  field === undefined ? "-" : `:${Buffer.from(field, "utf8").toString("base64")}`;

const has = (command: string, argument: string): boolean =>
  spawnSync(command, [argument], { stdio: "ignore" }).status === 0;

function explain(what: string): undefined {
  console.error(
    `expected ${what} in the PATH, got none. Needed: to evaluate the mapping template with Apache Velocity`,
  );
  return undefined;
}
