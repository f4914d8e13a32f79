import { Compile, parse } from "velocityjs";

/** What `$context` holds. */
export type TemplateContext = Readonly<Record<string, unknown>>;

export interface TemplateInput {
  readonly context: TemplateContext;
  /** The raw frame; undefined for `$connect` and `$disconnect`. */
  readonly body: string | undefined;
}

/**
 * Parses a request template of an `AWS` integration once. The result renders it for one event.
 *
 * `$input` has `body` alone: the JSON functions fail on Engine.IO frames in the cloud as well. Source of the names:
 * API Gateway Developer Guide, "WebSocket API mapping template reference".
 */
export function compileTemplate(template: string): (input: TemplateInput) => string {
  const compiled = new Compile(parse(template), { escape: false, customMethodHandlers: javaStringMethods });
  return ({ context, body }) => compiled.render({ context, input: { body }, util, stageVariables: {} });
}

const util = {
  // Java's URLEncoder: a space is `+`, and these five are escaped where JavaScript leaves them.
  urlEncode: (text: unknown) =>
    encodeURIComponent(toText(text))
      .replaceAll("%20", "+")
      .replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`),
  urlDecode: (text: unknown) => decodeURIComponent(toText(text).replaceAll("+", " ")),
  base64Encode: (text: unknown) => Buffer.from(toText(text), "utf8").toString("base64"),
  base64Decode: (text: unknown) => Buffer.from(toText(text), "base64").toString("utf8"),
  escapeJavaScript: (text: unknown) => JSON.stringify(toText(text)).slice(1, -1).replaceAll("'", "\\'"),
  parseJson: (text: unknown): unknown => JSON.parse(toText(text)),
};

const toText = (value: unknown): string => (value === undefined || value === null ? "" : String(value));

interface MethodCall {
  readonly context: unknown;
  readonly property: string;
  readonly params: readonly unknown[];
}

/** Methods of `java.lang.String` that JavaScript's strings lack or define otherwise: findings/velocityjs-replace-all.sh. */
const stringMethods: Readonly<Record<string, (text: string, ...params: readonly unknown[]) => unknown>> = {
  equals: (text, other) => text === other,
  equalsIgnoreCase: (text, other) => text.toLowerCase() === toText(other).toLowerCase(),
  contains: (text, part) => text.includes(toText(part)),
  isEmpty: (text) => text === "",
  length: (text) => text.length,
  matches: (text, pattern) => new RegExp(`^(?:${toText(pattern)})$`, "s").test(text),
  replace: (text, from, to) => text.replaceAll(toText(from), toText(to)),
  replaceAll: (text, pattern, to) => text.replace(new RegExp(toText(pattern), "g"), toText(to)),
};

const javaStringMethods = [
  {
    uid: "java.lang.String",
    match: ({ context, property }: MethodCall) =>
      typeof context === "string" && Object.hasOwn(stringMethods, property),
    resolve: ({ context, property, params }: MethodCall) =>
      stringMethods[property]?.(context as string, ...params),
  },
];
