import path from "node:path";
import { expect, it } from "vitest";
import { LostVariables } from "../../infra/local/lost-variables.ts";

const file = path.resolve(import.meta.dirname, "../watch/apps.ts");
const lost = (name: string): string =>
  JSON.stringify({ level: "warn", message: `${name} changed`, code: "watch.lost_variable", file, name });
const failed = (error: string, line: number): string =>
  JSON.stringify({
    level: "error",
    message: "a handler failed",
    code: "core.handler_failed",
    stack: `${error}\n    at add (${file}:${line}:3)`,
  });

it("says of a variable once what every instance sees, until the code has changed", () => {
  const lines = new LostVariables();

  expect(lines.take(lost("names"))).toEqual([
    '{"level":"warn","message":"names changed","code":"watch.lost_variable"}',
  ]);
  expect(lines.take(lost("names"))).toEqual([]);
  expect(lines.take(lost("count"))).toHaveLength(1);
  lines.forget();
  expect(lines.take(lost("names"))).toHaveLength(1);
});

it("passes every other line on", () => {
  const lines = new LostVariables();

  for (const line of ["hello", "{broken", '{"level":"info","message":"x"}', failed("TypeError: x", 5)]) {
    expect(lines.take(line)).toEqual([line]);
  }
});

it("says of a TypeError that it came up where such a variable is read", () => {
  const lines = new LostVariables();
  lines.take(lost("lobby.names"));

  const [line, reason] = lines.take(
    failed("TypeError: Cannot read properties of undefined (reading 'x')", 5),
  );

  expect(line).toContain("core.handler_failed");
  expect(JSON.parse(reason!)).toMatchObject({
    level: "warn",
    message: expect.stringMatching(/^it reads lobby\.names, which packets change/),
  });
  expect(lines.take(failed("TypeError: x", 4))).toHaveLength(1);
  expect(lines.take(failed("Error: x", 5))).toHaveLength(1);
});
