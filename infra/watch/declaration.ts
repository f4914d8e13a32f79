import type { Sources, Place } from "./sources.ts";
import type { Script } from "./function-scopes.ts";

/** What is looked for: a variable that a function sees, a field of a class, a property of the global object. */
export interface Sought {
  readonly form: "variable" | "field" | "global";
  readonly name: string;
  /** A function that sees it, or the class that has it. */
  readonly seenFrom: Place;
  readonly script: Script;
}

export interface Declared extends Place {
  /** As written: a bundler may have called it `users2`. */
  readonly name: string;
}

/**
 * Where something is declared: in the file of who sees it, else in another one of the same script. V8 knows the names of
 * variables but not their lines, so the text is searched. Falls back to the function that sees it.
 */
export function findDeclaration(sought: Sought, sources: Sources): Declared {
  const { seenFrom, script, name } = sought;
  const others = sources.filesOf(script).filter((file) => file !== seenFrom.file);
  for (const written of new Set([name, name.replace(/\d+$/, "")])) {
    if (written === "") continue;
    for (const file of [seenFrom.file, ...others]) {
      const line = lineIn(
        sources.linesOf(file),
        sought.form,
        written,
        file === seenFrom.file ? seenFrom.line : Infinity,
      );
      if (line !== undefined) return { file, line, name: written };
    }
  }
  return { ...seenFrom, name };
}

function lineIn(
  lines: readonly string[],
  form: Sought["form"],
  name: string,
  seenFromLine: number,
): number | undefined {
  for (const pattern of patterns[form](escaped(name))) {
    const found = lines.flatMap((line, index) => (pattern.test(withoutComment(line)) ? [index + 1] : []));
    // A field is below its class, a variable above who uses it; of several the nearest.
    const near =
      form === "field"
        ? found.find((line) => line >= seenFromLine)
        : found.findLast((line) => line <= seenFromLine);
    const line = near ?? (form === "field" ? found.at(-1) : found[0]);
    if (line !== undefined) return line;
  }
  return undefined;
}

const patterns: Readonly<Record<Sought["form"], (name: string) => readonly RegExp[]>> = {
  variable: (name) => [
    new RegExp(
      `(?:^|[^.\\w$])(?:let|const|var)\\s+(?:[^=;]*[,{\\[\\s])?${name}(?![\\w$])(?=\\s*(?:[=,;:}\\]!]|$))`,
    ),
    new RegExp(`(?:^|[^.\\w$])(?:let|const|var)\\s[^;]*,\\s*${name}(?![\\w$])\\s*(?:=[^=>]|,|;|$)`),
    new RegExp(`^\\s+${name}\\s*(?:=[^=>]|,|;)`),
  ],
  field: (name) => [
    new RegExp(
      `^\\s*(?:(?:static|private|public|protected|readonly|declare|accessor)\\s+)*${name}\\s*[!?]?\\s*(?:[=;:]|$)`,
    ),
    new RegExp(`\\bthis\\.${name}\\s*=[^=]`),
    new RegExp(`\\b(?:private|public|protected|readonly)\\s+${name}\\b`),
    new RegExp(`\\b${name}\\s*=[^=]`),
  ],
  global: (name) => [
    new RegExp(`\\bglobal(?:This)?\\.${name}\\s*(?:=|\\?\\?=|\\|\\|=)[^=]`),
    new RegExp(`^\\s*${name}\\s*=[^=]`),
    new RegExp(`\\bglobal(?:This)?\\.${name}\\b`),
  ],
};

const withoutComment = (line: string): string => (/^\s*(\/\/|\*)/.test(line) ? "" : line);

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
