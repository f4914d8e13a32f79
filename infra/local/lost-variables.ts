import { readFileSync } from "node:fs";

interface Lost {
  readonly file: string;
  readonly name: string;
}

interface Line {
  readonly code?: unknown;
  readonly file?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly stack?: unknown;
}

/**
 * What instances say of variables that packets change: once for all of them, though each sees it. And a handler that fails
 * where it reads such a variable has most likely met an instance that has another one: then that is said as well.
 */
export class LostVariables {
  readonly #told = new Set<string>();
  readonly #lost: Lost[] = [];

  /** The lines to be logged for one of an instance: itself, nothing, or itself and the reason. */
  take(line: string): readonly string[] {
    const record = parse(line);
    if (record?.code === "watch.lost_variable") return this.#remember(line, record);
    if (record?.code === "watch.module_timer") return this.#tell(line, record);
    if (record?.code === "watch.failed") return this.#once(line, "watch.failed");
    const culprit =
      record?.code === "core.handler_failed" ? this.#culpritOf(String(record.stack ?? "")) : undefined;
    if (culprit === undefined) return [line];
    const message = `it reads ${culprit.name}, which packets change (see above): this instance may not have what another one has put there`;
    return [line, JSON.stringify({ level: "warn", message, code: "watch.lost_variable" })];
  }

  /** The code has changed: what is still so is said again. */
  forget(): void {
    this.#told.clear();
    this.#lost.length = 0;
  }

  #remember(line: string, { file, name }: Line): readonly string[] {
    const told = this.#tell(line, { file, name });
    if (told.length > 0) this.#lost.push({ file: String(file), name: String(name) });
    return told;
  }

  #tell(line: string, { file, name }: Line): readonly string[] {
    if (this.#once(line, `${String(file)} ${String(name)}`).length === 0) return [];
    const { file: _, name: __, ...shown } = parse(line) ?? {};
    return [JSON.stringify(shown)];
  }

  #once(line: string, key: string): readonly string[] {
    if (this.#told.has(key)) return [];
    this.#told.add(key);
    return [line];
  }

  /** What the line mentions in which a TypeError came up. */
  #culpritOf(stack: string): Lost | undefined {
    if (!stack.startsWith("TypeError")) return undefined;
    const [, file, number] = /\n\s+at .*?\(?((?:file:\/\/)?\/[^:\n]+):(\d+):\d+\)?/.exec(stack) ?? [];
    const text = file === undefined ? undefined : lineOf(file.replace(/^file:\/\//, ""), Number(number));
    if (text === undefined) return undefined;
    const words = new Set(text.match(/#?[A-Za-z_$][\w$]*/g) ?? []);
    return this.#lost.find(({ name }) => words.has(name.split(".").at(-1) ?? ""));
  }
}

function lineOf(file: string, line: number): string | undefined {
  try {
    return readFileSync(file, "utf8").split("\n")[line - 1];
  } catch {
    return undefined;
  }
}

function parse(line: string): Line | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}
