import { expect, it } from "vitest";
import { toReadable } from "../../infra/local/log-line.ts";

it.each([
  [
    "a line of a function",
    '[inbox] {"level":"warn","message":"gave up on a packet","timestamp":"2026-01-01T00:00:00.000Z","service":"nonsticky","function":"nonsticky-dev-inbox","requestId":"c6af","coldStart":false,"code":"core.recipient_dropped","why":"too much waits for it","inversions":2}',
    '[inbox] warn gave up on a packet code=core.recipient_dropped why="too much waits for it" inversions=2',
  ],
  [
    "an error, its stack below it",
    '[inbox] {"level":"error","message":"a handler failed","error":"no","errorName":"TypeError","stack":"TypeError: no\\n    at handler (app.ts:3:9)"}',
    "[inbox] error a handler failed\nTypeError: no\n    at handler (app.ts:3:9)",
  ],
  [
    "an error that was none",
    '{"level":"error","message":"a handler failed","error":"no"}',
    "error a handler failed error=no",
  ],
])("shortens %s", (_, line, expected) => {
  expect(toReadable(line)).toBe(expected);
});

it.each([
  "ready http://127.0.0.1:3000",
  '[inbox] {"_aws":{"Timestamp":1},"Errors":1}',
  "[inbox] {not json}",
  "[inbox] null",
])("leaves %j as it is", (line) => {
  expect(toReadable(line)).toBe(line);
});
