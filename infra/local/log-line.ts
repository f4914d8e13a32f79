/** What stays the same from line to line, or says nothing to somebody who looks at one machine. */
const LEFT_OUT = new Set([
  "timestamp",
  "service",
  "function",
  "requestId",
  "coldStart",
  "traceId",
  "errorName",
]);

/**
 * A function's log line for somebody who reads it as it comes: `[inbox] warn a frame came … code=core.…`, an error's
 * stack below it. Everything else stays as it is.
 */
export function toReadable(line: string): string {
  const [, prefix = "", json = ""] = /^(\[[^\]]*\] )?(\{.*\})$/s.exec(line) ?? [];
  const record = parse(json);
  if (record === undefined) return line;
  const { level, message, error, stack, ...fields } = record;
  const shown = Object.entries({ ...(stack === undefined ? { error } : {}), ...fields })
    .filter(([name, value]) => value !== undefined && !LEFT_OUT.has(name))
    .map(([name, value]) => `${name}=${show(value)}`);
  const own = [`${prefix}${String(level)} ${String(message)}`, ...shown].join(" ");
  return typeof stack === "string" ? `${own}\n${stack}` : own;
}

function parse(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isLine = typeof value === "object" && value !== null && "level" in value && "message" in value;
    return isLine ? value : undefined;
  } catch {
    return undefined;
  }
}

const show = (value: unknown): string =>
  typeof value === "string" && /^[^\s="]+$/.test(value) ? value : JSON.stringify(value);
