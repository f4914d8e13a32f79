/**
 * Runs socket.io's own type tests against ours: `SUITES_DIR=<clone of socketio/socket.io> npm run test:official-types`.
 * What they expect is compared by assignability, because our types may say more. The official types are the control.
 * What differs on purpose is counted below, and told in docs/compatibility.md.
 */
import { execFile } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import ts from "typescript";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const TESTS = "packages/socket.io/test/socket.io.test-d.ts";

/** Errors by test. */
const known: Readonly<Record<string, number>> = {
  // `emitWithAck` to many needs no `timeout` here, and resolves with a list also where clients answer nothing.
  "has the correct types for `emitWithAck`": 3,
  // Nor does `emit` to many with a callback.
  "does not allow events with acks": 6,
  // There are no adapters, so nothing is taken.
  "accepts arguments of the correct types": 3,
};

const shim = `
declare module "tsd" { export function expectType<T>(value: T): void }
declare function describe(title: string, tests: () => void): void;
declare function it(title: string, test: (done: () => void) => unknown): void;
`;

async function main(): Promise<void> {
  const repository = process.env["SUITES_DIR"];
  if (repository === undefined) {
    throw new Error("expected SUITES_DIR to name a clone of github.com/socketio/socket.io, got nothing");
  }
  const { stdout } = await run("git", ["-C", resolve(repository), "show", `HEAD:${TESTS}`]);
  // Inside of the package, so that it finds itself by its name.
  const folder = join(root, ".cache", "official-types");
  await mkdir(folder, { recursive: true });
  try {
    const ours = await check(folder, "ours", adapt(stdout, "nonsticky"));
    const theirs = await check(folder, "official", adapt(stdout, "socket.io"));
    if (theirs.size > 0) throw new Error(`expected no error of the official types, got ${list(theirs)}`);
    const isAsTold = list(ours) === list(new Map(Object.entries(known)));
    console.log(`${isAsTold ? "as told" : "NOT as told"}:\n${list(ours)}`);
    process.exitCode = isAsTold ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Nothing is attached to here; what else differs shall be found. */
const adapt = (tests: string, library: string): string =>
  tests
    .replace(`"../lib/index"`, JSON.stringify(library))
    .replace(`"../lib/typed-events"`, `"../../node_modules/socket.io/dist/typed-events.js"`)
    .replaceAll(/(new Server(?:<[^()]*>)?\(\s*)srv,?(\s*\))/g, "$1$2");

/** How many errors each test has. */
async function check(folder: string, name: string, tests: string): Promise<Map<string, number>> {
  const [file, types] = [join(folder, `${name}.ts`), join(folder, "shim.d.ts")];
  await Promise.all([writeFile(file, tests), writeFile(types, shim)]);
  const program = ts.createProgram([file, types], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ["nonsticky-source"],
    allowImportingTsExtensions: true,
    types: ["node"],
    strict: true,
    // As socket.io compiles them.
    noImplicitAny: false,
    skipLibCheck: true,
    noEmit: true,
  });
  const source = program.getSourceFile(file);
  const errors = new Map<string, number>();
  for (const { start = 0 } of program.getSemanticDiagnostics(source)) {
    const title = titleAt(tests, start);
    errors.set(title, (errors.get(title) ?? 0) + 1);
  }
  return errors;
}

const titleAt = (tests: string, position: number): string =>
  [...tests.slice(0, position).matchAll(/\bit\("([^"]+)"/g)].at(-1)?.[1] ?? "outside of any test";

const list = (errors: ReadonlyMap<string, number>): string =>
  [...errors]
    .map(([title, count]) => `  ${count} in "${title}"`)
    .toSorted()
    .join("\n");

await main();
