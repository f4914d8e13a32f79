import { render } from "velocityjs";
import { findVelocity, startVelocity, velocityVersions } from "../../scripts/velocity/velocity.ts";

/** What a mapping template is evaluated with: `$input.body`, and `$context` with dots for its levels. */
export interface TemplateInput {
  readonly body?: string;
  readonly context: Readonly<Record<string, string | number>>;
}

export interface TemplateEngine {
  readonly name: string;
  start(): TemplateRenderer;
}

export interface TemplateRenderer {
  render(template: string, input: TemplateInput): Promise<string>;
  stop(): Promise<void>;
}

/** velocityjs, which the local gateway has; with NONSTICKY_TEST_VELOCITY also Apache's own, which need a JDK and Maven. */
export const templateEngines: readonly TemplateEngine[] = [
  { name: "velocityjs", start: () => velocityJs },
  ...(process.env.NONSTICKY_TEST_VELOCITY ? velocityVersions : []).map((version) => ({
    name: `Apache Velocity ${version}`,
    start() {
      const command = findVelocity(version);
      if (command === undefined) throw new Error("expected what it takes to run Apache Velocity, got less");
      return startVelocity(command);
    },
  })),
];

const velocityJs: TemplateRenderer = {
  render: (template, { body, context }) =>
    Promise.resolve(render(template, { context: toLevels(context), input: { body }, util })),
  stop: () => Promise.resolve(),
};

const util = {
  // As java.net.URLEncoder does it.
  urlEncode: (text: string) =>
    encodeURIComponent(text)
      .replaceAll("%20", "+")
      .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`),
  base64Encode: (text: string) => Buffer.from(text, "utf8").toString("base64"),
};

type Levels = { [name: string]: string | number | Levels };

function toLevels(names: TemplateInput["context"]): Levels {
  const top: Levels = {};
  for (const [name, value] of Object.entries(names)) {
    const path = name.split(".");
    let level = top;
    for (const one of path.slice(0, -1)) level = (level[one] ??= {}) as Levels;
    level[path.at(-1)!] = value;
  }
  return top;
}
