import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bundle } from "../../../infra/bundle.ts";
import { writeService } from "../small-service.ts";

let root: string;

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "nonsticky-minified-"));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const own = `
export class Server {}
export class Refusal extends Error {
  constructor(message: string) { super(message); this.name = new.target.name; }
}
export const ownNames = (): string[] => {
  const inner = () => 1;
  return [declared.name, assigned.name, inner.name];
};
const callBack = (run: () => void): void => {
  if (run.length === 0) run();
};
function declared(run: () => void): void {
  function nested(): void {}
  if (nested.length === 0) callBack(run);
}
const assigned = (run: () => void, times: number): void => {
  for (let time = 0; time < times; time++) declared(run);
};
export const own = {
  inObject: function (run: () => void): void {
    assigned(run, 1);
  },
};`;

const app = `
import { Server, Refusal, own, ownNames } from "nonsticky";
import { Helper, help } from "helper";
class Greeter {}
class Anonymous { static readonly nested = class {}; }
function farewell(): void {}
const greet = (): void => {
  const words = ["no"]; throw new Error(words + " greeting");
};
const __name = (value: unknown): unknown => value;
export const io = Object.assign(new Server(), {
  names: [Greeter, Anonymous, Anonymous.nested, farewell, greet, Helper, help].map(({ name }) => name),
  ownNames: ownNames(),
  refusal: new Refusal("no").name,
  __name: __name("as it was"),
  fail: () => own.inObject(greet),
});`;

const files = (extension: string) => ({
  "service/lib/index.ts": own,
  [`service/app.${extension}`]: app,
  "service/node_modules/helper/package.json": `{ "main": "helper.js" }`,
  "service/node_modules/helper/helper.js": `exports.Helper = class Helper {}; const help = () => 1; exports.help = help;`,
});

const print = `
const { handler } = await import(process.argv[1]);
const io = handler();
let stack;
try { io.fail(); } catch (error) { stack = error.stack; }
console.log(JSON.stringify({ ...io, stack }));`;

interface Printed {
  readonly names: readonly string[];
  readonly ownNames: readonly string[];
  readonly refusal: string;
  readonly __name: string;
  readonly stack: string;
}

async function run(serviceDir: string, extension: string): Promise<Printed> {
  await bundle({ serviceDir, handlers: ["functions/inbox.handler"], app: `app.${extension}` });
  const file = path.join(serviceDir, `.build/functions/inbox.${extension.replace("ts", "js")}`);
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ["--enable-source-maps", "--input-type=module", "--eval", print, file],
    { encoding: "utf8" },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Printed;
}

describe.each(["mts", "cts"])("of an app.%s", (extension) => {
  it("keeps the names of an app's classes and functions, and of own classes", async () => {
    const serviceDir = await writeService(root, files(extension));

    const printed = await run(serviceDir, extension);

    expect(printed).toMatchObject({
      names: ["Greeter", "Anonymous", "nested", "farewell", "greet", "Helper", "help"],
      refusal: "Refusal",
      __name: "as it was",
    });
  });

  it("defines no names of own functions", async () => {
    const serviceDir = await writeService(root, files(extension));

    const { ownNames } = await run(serviceDir, extension);

    expect(ownNames.filter((name) => /declared|assigned|inner/.test(name))).toEqual([]);
  });

  it("leads stacks to the app's lines and columns, and to own lines by the names of functions", async () => {
    const serviceDir = await writeService(root, files(extension));

    const { stack } = await run(serviceDir, extension);

    const line = app.split("\n").findIndex((one) => one.includes("throw"));
    const column = app.split("\n")[line]?.indexOf("new Error") ?? -1;
    const ofOwn = (name: string, text: string) => {
      const ownLine = own.split("\n").findIndex((one) => one.includes(text));
      return `    at ${name} (${serviceDir}/lib/index.ts:${ownLine + 1}:1)`;
    };
    expect(stack.split("\n").slice(0, 6)).toEqual([
      "Error: no greeting",
      `    at greet (${serviceDir}/app.${extension}:${line + 1}:${column + 1})`,
      ofOwn("callBack", "run();"),
      ofOwn("declared", "callBack(run);"),
      ofOwn("assigned", "declared(run);"),
      ofOwn("inObject", "assigned(run, 1);"),
    ]);
  });
});

it("calls an app's private methods in stacks what they are called, and no others after a private field", async () => {
  const serviceDir = await writeService(root, {
    "service/app.ts": `
      class Game {
        readonly #listener = function onMove() { throw new Error("no move"); };
        get #turn() { this.#listener(); return 1; }
        *#play() { yield this.#turn; }
        static async #start(game: Game) { await null; game.#play().next(); }
        static start() { return Game.#start(new Game()); }
      }
      export const io = () => Game.start().catch(({ stack }) => stack);`,
  });
  await bundle({ serviceDir, handlers: ["functions/inbox.handler"] });
  const file = path.join(serviceDir, ".build/functions/inbox.mjs");
  const code = `import(process.argv[1]).then(({ handler }) => handler()()).then(console.log)`;

  const { stdout } = spawnSync(process.execPath, ["--enable-source-maps", "--eval", code, file], {
    encoding: "utf8",
  });

  expect([...stdout.matchAll(/ at (.*) \(.*app\.ts:(\d+)/g)].map(([, name, line]) => [name, line])).toEqual([
    [expect.stringMatching(/onMove$/), "3"],
    [expect.stringMatching(/#turn$/), "4"],
    [expect.stringMatching(/#play$/), "5"],
    [expect.stringMatching(/#start$/), "6"],
  ]);
});

it("tells the exports of a CommonJS bundle to whoever imports it", async () => {
  const serviceDir = await writeService(root, files("cts"));

  await bundle({ serviceDir, handlers: ["functions/inbox.handler"], app: "app.cts" });

  const module = (await import(path.join(serviceDir, ".build/functions/inbox.cjs"))) as object;
  expect(Object.keys(module)).toContain("handler");
});

it("leaves an app of CommonJS as lenient as Node does", async () => {
  const lenient = `
    var implements = 1, octal = 010;
    if (octal) function inBlock(a, a) { return a; }
    function member(of) { with (of) { return x; } }
    exports.io = [implements, octal, inBlock(1, 2), inBlock.name, member({ x: 3 }), (function own() { return arguments.callee.name; })()];`;
  const serviceDir = await writeService(root, {
    "service/functions/tsconfig.json": `{ "compilerOptions": { "strict": true } }`,
    "service/app.cjs": lenient,
  });

  await bundle({ serviceDir, handlers: ["functions/inbox.handler"], app: "app.cjs" });

  const file = path.join(serviceDir, ".build/functions/inbox.cjs");
  const code = `console.log(JSON.stringify(require(${JSON.stringify(file)}).handler()))`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--eval", code], { encoding: "utf8" });
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual([1, 8, 2, "inBlock", 3, "own"]);
});

it("leaves an app's styles as they are", async () => {
  const serviceDir = await writeService(root, {
    "service/app.ts": `import "./app.css"; export const io = "with styles";`,
    "service/app.css": ".name { color: red; }",
  });

  await bundle({ serviceDir, handlers: ["functions/inbox.handler"] });

  const styles = await readFile(path.join(serviceDir, ".build/functions/inbox.css"), "utf8");
  expect(styles).toContain(".name {");
  const { handler } = (await import(path.join(serviceDir, ".build/functions/inbox.mjs"))) as {
    handler: () => unknown;
  };
  expect(handler()).toBe("with styles");
});

it("says in its metafile how large the minified bundles are", async () => {
  const serviceDir = await writeService(root, files("mts"));

  const { metafile } = await bundle({ serviceDir, handlers: ["functions/inbox.handler"], app: "app.mts" });

  for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
    expect([file, bytes]).toEqual([file, (await readFile(path.join(serviceDir, file))).length]);
  }
});
