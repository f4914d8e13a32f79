import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";

/**
 * Arrows point one way: leaves → protocol → state → engine → socketio → aws → surface → functions. A file may import from its own
 * layer and from those before it; imports of types count. Testing is a leaf above the two: it knows nothing of AWS, and
 * nothing knows it.
 */
const layers: readonly { readonly name: string; readonly files: RegExp }[] = [
  { name: "leaves", files: /^lib\/(errors|clock|ids|env|log|metrics)\.ts$/ },
  { name: "protocol", files: /^lib\/protocol\// },
  { name: "state", files: /^lib\/state\// },
  { name: "engine", files: /^lib\/engine\// },
  { name: "socketio", files: /^lib\/socketio\// },
  { name: "testing", files: /^lib\/testing\// },
  { name: "aws", files: /^lib\/aws\// },
  { name: "surface", files: /^lib\/(index|lambda|emitter|testing|verify)\.ts$/ },
  { name: "functions", files: /^functions\// },
];

/** Names that everybody may use: they are words, not code. */
const lexicon = "lib/protocol/reasons.ts";

const isSdk = (specifier: string): boolean => /^@(aws-sdk|smithy|aws-crypto)\//.test(specifier);
const maySpeakToAws = (file: string): boolean => /^lib\/(aws|state\/dynamo)\//.test(file);

/** `createDynamoStore`, `createSqsMailbox`: an implementation of a port, named for its backend. */
const isImplementation = (name: string): boolean => /^create[A-Z]\w*(Store|Mailbox|Transport)$/.test(name);
const mayNameImplementations = (file: string): boolean => /^lib\/(lambda|emitter|testing)\.ts$/.test(file);

const isTesting = (file: string): boolean => /^lib\/testing(\/|\.ts$)/.test(file);
const isOfAws = (file: string): boolean => /^lib\/(aws\/|state\/dynamo\/|(lambda|emitter)\.ts$)/.test(file);

const namesNothing = /(^|\/)(utils?|helpers?|common|types?)(\/|\.ts$)/;
const mayRepeat = new Set(["errors.ts", "index.ts"]);

type Sources = Readonly<Record<string, string>>;

function violationsOf(sources: Sources): string[] {
  return [...namingViolations(Object.keys(sources)), ...Object.entries(sources).flatMap(importViolations)];
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
      report(node, `expected ${specifier} in lib/aws and lib/state/dynamo only`);
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
        report(node, `expected ${node.text} in lib/lambda.ts or lib/testing.ts`);
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
    .filter((file) => file.endsWith(".ts"));
  return Object.fromEntries(files.map((file) => [file, readFileSync(path.join(root, file), "utf8")]));
}

it("is kept by lib/ and functions/", () => {
  const sources = { ...readSources("lib"), ...readSources("functions") };

  expect(Object.keys(sources)).toEqual(expect.arrayContaining(["lib/errors.ts", "functions/inbox.ts"]));
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
      { "lib/lambda.ts": `import { createSqsMailbox } from "./aws/sqs.ts"; createSqsMailbox();` },
    ],
    [
      "the engine in testing",
      { "lib/testing/instances.ts": `import { Inbox } from "../engine/inbox/inbox.ts";` },
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
      "lib/engine/turn.ts:1 expected @aws-sdk/client-sqs in lib/aws and lib/state/dynamo only",
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
      "lib/engine/turn.ts:2 expected createMemoryStore in lib/lambda.ts or lib/testing.ts",
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
  ])("refuses %s, with file and line", (_, sources, violation) => {
    expect(violationsOf(sources)).toEqual([violation]);
  });
});
