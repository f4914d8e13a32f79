import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

/**
 * Arrows point one way, down this list: a file may import from its own part and from those before it. Imports of types
 * count. Testing is a leaf above the parts of Socket.IO: it knows nothing of AWS, and nothing knows it.
 */
const layers: readonly { readonly name: string; readonly files: RegExp }[] = [
  {
    name: "leaves",
    files: /^lib\/(errors|clock|described|gather|handler-watch|ids|env|log|metrics|running)\.ts$/,
  },
  { name: "protocol", files: /^lib\/protocol\// },
  { name: "requests", files: /^lib\/requests\// },
  { name: "state", files: /^lib\/state\// },
  { name: "engine", files: /^lib\/engine\// },
  { name: "replay", files: /^lib\/socketio\/replay\// },
  { name: "rooms", files: /^lib\/socketio\/rooms\// },
  { name: "shared", files: /^lib\/socketio\/shared\// },
  { name: "live", files: /^lib\/socketio\/live\// },
  { name: "timers", files: /^lib\/socketio\/timers\// },
  { name: "recovery", files: /^lib\/socketio\/recovery\// },
  { name: "packets", files: /^lib\/socketio\/packets\// },
  { name: "socketio", files: /^lib\/socketio\/[^/]+\.ts$/ },
  { name: "admin", files: /^lib\/admin\// },
  { name: "bundling", files: /^lib\/bundling\// },
  { name: "watch", files: /^infra\/watch\// },
  { name: "keep", files: /^infra\/(keep|doctor)\// },
  { name: "testing", files: /^lib\/testing\// },
  { name: "aws", files: /^lib\/aws\// },
  {
    name: "surface",
    files: /^lib\/(index|lambda|app-functions|served-polls|emitter|live|testing|verify|admin)\.ts$/,
  },
  { name: "functions", files: /^functions\// },
];

/** A folder that grows beyond this has rooms that nobody has seen yet. */
const MAX_FILES_OF_FOLDER = 30;

/** Names that everybody may use: they are words, not code. */
const lexicon = "lib/protocol/reasons.ts";

const isSdk = (specifier: string): boolean => /^@(aws-sdk|smithy|aws-crypto)\//.test(specifier);
const maySpeakToAws = (file: string): boolean => /^lib\/(aws|requests|state\/dynamo)\//.test(file);

/** `createDynamoStore`, `createSqsMailbox`: an implementation of a port, named for its backend. */
const isImplementation = (name: string): boolean => /^create[A-Z]\w*(Store|Mailbox|Transport)$/.test(name);
const mayNameImplementations = (file: string): boolean =>
  /^lib\/(app-functions|emitter|testing)\.ts$/.test(file);

const isTesting = (file: string): boolean => /^lib\/testing(\/|\.ts$)/.test(file);
const isOfAws = (file: string): boolean =>
  /^lib\/(aws\/|state\/dynamo\/|(lambda|app-functions|served-polls|emitter)\.ts$)/.test(file);

const namesNothing = /(^|\/)(utils?|helpers?|common|types?)(\/|\.ts$)/;
const mayRepeat = new Set(["errors.ts", "index.ts"]);

type Sources = Readonly<Record<string, string>>;

function violationsOf(sources: Sources): string[] {
  const files = Object.keys(sources);
  const layered = Object.entries(sources).filter(([file]) => /^(lib|functions)\//.test(file));
  return [
    ...namingViolations(files.filter((file) => /^(lib|functions)\//.test(file))),
    ...folderViolations(files),
    ...layered.flatMap(importViolations),
    ...circleViolations(sources),
  ];
}

function folderViolations(files: readonly string[]): string[] {
  const sizes = new Map<string, number>();
  for (const file of files) {
    const folder = path.posix.dirname(file);
    sizes.set(folder, (sizes.get(folder) ?? 0) + 1);
  }
  return [...sizes]
    .filter(([, size]) => size > MAX_FILES_OF_FOLDER)
    .map(([folder, size]) => `${folder}:1 expected at most ${MAX_FILES_OF_FOLDER} files, got ${size}`);
}

/** One line for each circle of imports, those of types included; `a → b → a`, from the first file by name. */
function circleViolations(sources: Sources): string[] {
  const imports = new Map(
    Object.entries(sources).map(([file, text]) => [file, importsOf(file, text, sources)]),
  );
  const state = new Map<string, "open" | "done">();
  const found: string[] = [];
  const visit = (file: string, above: readonly string[]): void => {
    if (state.get(file) === "done") return;
    const from = above.indexOf(file);
    if (from !== -1) {
      const circle = [...above.slice(from), file];
      const [first = file, second = file] = circle;
      const line = imports.get(first)?.get(second) ?? 1;
      found.push(`${first}:${line} expected no circle of imports, got ${circle.join(" → ")}`);
      return;
    }
    for (const target of imports.get(file)?.keys() ?? []) visit(target, [...above, file]);
    state.set(file, "done");
  };
  for (const file of [...imports.keys()].toSorted()) visit(file, []);
  return found;
}

/** The files of the repository that a file imports, with the line of the first time that it does. */
function importsOf(file: string, text: string, sources: Sources): Map<string, number> {
  const found = new Map<string, number>();
  for (const { fileName, pos } of ts.preProcessFile(text, true, true).importedFiles) {
    const target = path.posix.join(path.posix.dirname(file), fileName);
    if (!fileName.startsWith(".") || !(target in sources) || found.has(target)) continue;
    found.set(target, text.slice(0, pos).split("\n").length);
  }
  return found;
}

function importViolations([file, text]: [string, string]): string[] {
  const layer = layerOf(file);
  if (layer === undefined) return [`${file}:1 expected a file of a known layer`];

  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const report = (node: ts.Node, message: string) => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    found.push(`${file}:${line + 1} ${message}`);
  };
  const declared = new Set<string>();

  const checkSpecifier = (node: ts.Node, specifier: string) => {
    if (isSdk(specifier) && !maySpeakToAws(file)) {
      report(node, `expected ${specifier} in lib/aws, lib/requests and lib/state/dynamo only`);
    }
    if (specifier.startsWith("node:") && layers[layer]!.name === "protocol") {
      report(node, `expected the wire to be pure, got ${specifier}`);
    }
    if (/^(#app|nonsticky)(\/|$)/.test(specifier) && layers[layer]!.name !== "functions") {
      report(node, `expected a relative import, got ${specifier}`);
    }
    if (!specifier.startsWith(".")) return;
    const target = path.posix.join(path.posix.dirname(file), specifier);
    const targetLayer = layerOf(target);
    if (isTesting(file) && isOfAws(target)) {
      return report(node, `expected testing to know nothing of AWS, got ${target}`);
    }
    if (/^infra\/(watch|keep|doctor)\//.test(target) && !isTesting(file)) {
      return report(node, `expected infra in testing only, got ${target}`);
    }
    if (isTesting(target) && !isTesting(file)) {
      return report(node, `expected nothing to know testing, got ${target}`);
    }
    if (target === lexicon || (targetLayer !== undefined && targetLayer <= layer)) return;
    const name = targetLayer === undefined ? "no layer" : layers[targetLayer]!.name;
    report(node, `expected nothing beyond ${layers[layer]!.name}, got ${target} of ${name}`);
  };

  const visit = (node: ts.Node): void => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) checkSpecifier(node, specifier);
    if (ts.isFunctionDeclaration(node) && node.name) declared.add(node.name.text);
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name)) declared.add(node.name.text);
    if (ts.isIdentifier(node) && isImplementation(node.text) && !declared.has(node.text)) {
      if (!mayNameImplementations(file))
        report(node, `expected ${node.text} in lib/app-functions.ts or lib/testing.ts`);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** What a node imports: static, re-exported, dynamic, or as a type in an expression. */
function specifierOf(node: ts.Node): string | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    return node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)
      ? node.moduleSpecifier.text
      : undefined;
  }
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return ts.isStringLiteral(node.argument.literal) ? node.argument.literal.text : undefined;
  }
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [argument] = node.arguments;
  return argument && ts.isStringLiteral(argument) ? argument.text : undefined;
}

function namingViolations(files: readonly string[]): string[] {
  const firstOf = new Map<string, string>();
  return files.flatMap((file) => {
    if (namesNothing.test(file)) return [`${file}:1 expected a file named after its idea`];
    if (!file.startsWith("lib/")) return [];
    const basename = path.posix.basename(file);
    const first = firstOf.get(basename);
    firstOf.set(basename, first ?? file);
    return first === undefined || mayRepeat.has(basename)
      ? []
      : [`${file}:1 expected another name than ${first}'s`];
  });
}

function layerOf(file: string): number | undefined {
  const index = layers.findIndex(({ files }) => files.test(file));
  return index === -1 ? undefined : index;
}

function readSources(folder: string): Sources {
  const root = path.dirname(import.meta.dirname);
  const files = readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .map((file) => path.posix.join(folder, file.replaceAll(path.sep, "/")))
    .filter((file) => /\.m?ts$/.test(file) && !/(^|\/)(node_modules|dist)\//.test(file));
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(root, file), "utf8")]));
}

const folders = ["lib", "functions", "infra", "bin", "scripts", "bench", "test", "examples"];

it("is kept by the whole repository", () => {
  const sources: Sources = Object.assign({}, ...folders.map(readSources));

  expect(Object.keys(sources)).toEqual(
    expect.arrayContaining(["lib/errors.ts", "functions/inbox.ts", "bench/calls.ts", "test/support/rig.ts"]),
  );
  expect(violationsOf(sources)).toEqual([]);
});

describe("the import law", () => {
  it.each<[string, Sources]>([
    ["its own layer", { "lib/engine/turn.ts": `import { a } from "./session.ts";` }],
    ["a layer before it", { "lib/aws/sqs.ts": `import type { Mailbox } from "../engine/mailbox.ts";` }],
    ["the lexicon from a leaf", { "lib/log.ts": `import type { R } from "./protocol/reasons.ts";` }],
    ["the SDK in an adapter", { "lib/state/dynamo/page.ts": `import { x } from "@aws-sdk/lib-dynamodb";` }],
    ["an app in a function", { "functions/inbox.ts": `import { io } from "#app";` }],
    ["its own implementation", { "lib/aws/sqs.ts": `export function createSqsMailbox() {}` }],
    [
      "implementations where they are put together",
      { "lib/app-functions.ts": `import { createSqsMailbox } from "./aws/sqs.ts"; createSqsMailbox();` },
    ],
    [
      "the engine in testing",
      { "lib/testing/instances.ts": `import { Inbox } from "../engine/inbox/inbox.ts";` },
    ],
    [
      "each part below its own",
      {
        "lib/socketio/server.ts": `import { SocketIoApp } from "./packets/socket-io-app.ts";`,
        "lib/socketio/packets/on-event.ts": `import { Recovery } from "../recovery/recovery.ts";`,
        "lib/socketio/recovery/recovery.ts": `import type { PacketLog } from "../rooms/room-ports.ts";`,
        "lib/socketio/rooms/publish.ts": `import type { SocketState } from "../replay/socket-state.ts";`,
        "lib/socketio/replay/replay.ts": `import type { Turn } from "../../engine/turn.ts";`,
      },
    ],
    ["thirty files of one folder", filesOf("lib/engine", 30)],
    [
      "a test's support outside of lib",
      { "bench/calls.ts": `import { startAws } from "../test/support/aws.ts";` },
    ],
    ["two errors.ts", { "lib/errors.ts": "", "lib/engine/errors.ts": "" }],
  ])("lets a file use %s", (_, sources) => {
    expect(violationsOf(sources)).toEqual([]);
  });

  it.each<[string, Sources, string]>([
    [
      "an arrow back",
      { "lib/state/store.ts": `\nimport { a } from "../engine/turn.ts";` },
      "lib/state/store.ts:2 expected nothing beyond state, got lib/engine/turn.ts of engine",
    ],
    [
      "a type that points back",
      { "lib/protocol/frame.ts": `import type { Sid } from "../state/store.ts";` },
      "lib/protocol/frame.ts:1 expected nothing beyond protocol, got lib/state/store.ts of state",
    ],
    [
      "a type in an expression",
      { "lib/ids.ts": `type A = import("./engine/turn.ts").Turn;` },
      "lib/ids.ts:1 expected nothing beyond leaves, got lib/engine/turn.ts of engine",
    ],
    [
      "a re-export",
      { "lib/engine/turn.ts": `\n\nexport * from "../aws/sqs.ts";` },
      "lib/engine/turn.ts:3 expected nothing beyond engine, got lib/aws/sqs.ts of aws",
    ],
    [
      "a dynamic import",
      { "lib/engine/turn.ts": `const a = await import("../index.ts");` },
      "lib/engine/turn.ts:1 expected nothing beyond engine, got lib/index.ts of surface",
    ],
    [
      "a file outside",
      { "lib/engine/turn.ts": `import "../../test/support/clock.ts";` },
      "lib/engine/turn.ts:1 expected nothing beyond engine, got test/support/clock.ts of no layer",
    ],
    [
      "the SDK in the engine",
      { "lib/engine/turn.ts": `import { x } from "@aws-sdk/client-sqs";` },
      "lib/engine/turn.ts:1 expected @aws-sdk/client-sqs in lib/aws, lib/requests and lib/state/dynamo only",
    ],
    [
      "Node in the protocol",
      { "lib/protocol/frame.ts": `import { Buffer } from "node:buffer";` },
      "lib/protocol/frame.ts:1 expected the wire to be pure, got node:buffer",
    ],
    [
      "the package by its name",
      { "lib/engine/turn.ts": `import { Server } from "nonsticky";` },
      "lib/engine/turn.ts:1 expected a relative import, got nonsticky",
    ],
    [
      "AWS in testing",
      { "lib/testing.ts": `import { createTransport } from "./aws/management-transport.ts";` },
      "lib/testing.ts:1 expected testing to know nothing of AWS, got lib/aws/management-transport.ts",
    ],
    [
      "the watch in the product",
      { "lib/lambda.ts": `import { createScopeWatch } from "../infra/watch/scope-watch.ts";` },
      "lib/lambda.ts:1 expected infra in testing only, got infra/watch/scope-watch.ts",
    ],
    [
      "DynamoDB in testing",
      { "lib/testing/instances.ts": `import type { Table } from "../state/dynamo/table.ts";` },
      "lib/testing/instances.ts:1 expected testing to know nothing of AWS, got lib/state/dynamo/table.ts",
    ],
    [
      "testing in the product",
      { "lib/index.ts": `export { serve } from "./testing.ts";` },
      "lib/index.ts:1 expected nothing to know testing, got lib/testing.ts",
    ],
    [
      "an implementation in the engine",
      { "lib/engine/turn.ts": `\nconst s = createMemoryStore();` },
      "lib/engine/turn.ts:2 expected createMemoryStore in lib/app-functions.ts or lib/testing.ts",
    ],
    [
      "a name taken already",
      { "lib/engine/page.ts": "", "lib/state/page.ts": "" },
      "lib/state/page.ts:1 expected another name than lib/engine/page.ts's",
    ],
    [
      "a name for anything",
      { "lib/engine/utils.ts": "" },
      "lib/engine/utils.ts:1 expected a file named after its idea",
    ],
    ["a file of no layer", { "lib/misc.ts": "" }, "lib/misc.ts:1 expected a file of a known layer"],
    [
      "a part that nobody knows",
      { "lib/socketio/misc/emit.ts": "" },
      "lib/socketio/misc/emit.ts:1 expected a file of a known layer",
    ],
    [
      "Socket.IO in the engine",
      { "lib/engine/turn.ts": `import type { Journal } from "../socketio/replay/registration-journal.ts";` },
      "lib/engine/turn.ts:1 expected nothing beyond engine, got lib/socketio/replay/registration-journal.ts of replay",
    ],
    [
      "a room in a replay",
      { "lib/socketio/replay/replay.ts": `import type { Audience } from "../rooms/audience.ts";` },
      "lib/socketio/replay/replay.ts:1 expected nothing beyond replay, got lib/socketio/rooms/audience.ts of rooms",
    ],
    [
      "recovery in a room",
      { "lib/socketio/rooms/publish.ts": `import type { Recovery } from "../recovery/recovery.ts";` },
      "lib/socketio/rooms/publish.ts:1 expected nothing beyond rooms, got lib/socketio/recovery/recovery.ts of recovery",
    ],
    [
      "a packet in recovery",
      { "lib/socketio/recovery/recovery.ts": `import { onEvent } from "../packets/on-event.ts";` },
      "lib/socketio/recovery/recovery.ts:1 expected nothing beyond recovery, got lib/socketio/packets/on-event.ts of packets",
    ],
    [
      "what an app imports in the handling of packets",
      { "lib/socketio/packets/on-event.ts": `import type { Socket } from "../server.ts";` },
      "lib/socketio/packets/on-event.ts:1 expected nothing beyond packets, got lib/socketio/server.ts of socketio",
    ],
    [
      "a circle",
      {
        "lib/engine/a.ts": `import { b } from "./b.ts";`,
        "lib/engine/b.ts": `\nimport { a } from "./a.ts";`,
      },
      "lib/engine/a.ts:1 expected no circle of imports, got lib/engine/a.ts → lib/engine/b.ts → lib/engine/a.ts",
    ],
    [
      "a circle of types, outside of lib",
      {
        "bench/a.ts": `\nimport type { B } from "./b.ts";`,
        "bench/b.ts": `export type { C } from "./c.ts";`,
        "bench/c.ts": `type A = import("./a.ts").A;`,
      },
      "bench/a.ts:2 expected no circle of imports, got bench/a.ts → bench/b.ts → bench/c.ts → bench/a.ts",
    ],
    [
      "a file that imports itself",
      { "test/support/a.ts": `import { a } from "./a.ts";` },
      "test/support/a.ts:1 expected no circle of imports, got test/support/a.ts → test/support/a.ts",
    ],
    ["a crowded folder", filesOf("test/model", 31), "test/model:1 expected at most 30 files, got 31"],
  ])("refuses %s, with file and line", (_, sources, violation) => {
    expect(violationsOf(sources)).toEqual([violation]);
  });
});

function filesOf(folder: string, count: number): Sources {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${folder}/file-${index}.ts`, ""]));
}
