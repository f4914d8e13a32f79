import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Server } from "../../lib/socketio/server.ts";
import { createEngine } from "../../lib/engine/engine.ts";
import { createHandlers, type AppModule } from "../../lib/lambda.ts";

const full = {
  NONSTICKY_TABLE: "table",
  NONSTICKY_CALLBACK_URL: "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
  NONSTICKY_MAILBOX_URL: "https://sqs.eu-central-1.amazonaws.com/123456789012/nonsticky-dev.fifo",
  AWS_REGION: "eu-central-1",
};

let listeners: NodeJS.UnhandledRejectionListener[];
let exitListeners: NodeJS.ExitListener[];

beforeEach(() => {
  listeners = process.listeners("unhandledRejection");
  exitListeners = process.listeners("exit");
});

afterEach(() => {
  for (const listener of process.listeners("unhandledRejection")) {
    if (!listeners.includes(listener)) process.off("unhandledRejection", listener);
  }
  for (const listener of process.listeners("exit")) {
    if (!exitListeners.includes(listener)) process.off("exit", listener);
  }
});

const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(full).filter(([name]) => !names.includes(name)));

describe("createHandlers", () => {
  it.each([
    ["io", { io: new Server() }],
    ["engine", { engine: createEngine({ onMessage: () => undefined }) }],
  ])("serves a module that exports %s", (_, module) => {
    const handlers = createHandlers(module, full);

    expect([handlers.connect, handlers.inbox, handlers.heartbeat].map((handler) => typeof handler)).toEqual([
      "function",
      "function",
      "function",
    ]);
  });

  it.each([
    ["nothing", {}, "no exports"],
    ["something else", { app: 1, default: 2 }, "exports app, default"],
  ])("refuses a module that exports %s", (_, module, got) => {
    expect(() => createHandlers(module as AppModule, full)).toThrow(
      expect.objectContaining({ code: "config.no_app", message: expect.stringContaining(got) as string }),
    );
  });

  it.each([
    ["the table for every function", ["NONSTICKY_TABLE"], "connect", "NONSTICKY_TABLE"],
    ["the way to clients for the inbox", ["NONSTICKY_CALLBACK_URL"], "inbox", "NONSTICKY_CALLBACK_URL"],
    ["the mailbox for the heartbeat", ["NONSTICKY_MAILBOX_URL"], "heartbeat", "NONSTICKY_MAILBOX_URL"],
  ] as const)("needs %s, and names what is missing", (_, missing, name, variable) => {
    expect(() => createHandlers({ io: new Server() }, without(...missing))[name]).toThrow(
      expect.objectContaining({
        code: "config.missing_environment",
        message: `expected the environment variable ${variable} to be set, got nothing`,
      }),
    );
  });

  it("needs neither the way to clients nor the mailbox for the authorizer", () => {
    const env = without("NONSTICKY_CALLBACK_URL", "NONSTICKY_MAILBOX_URL");

    expect(createHandlers({ io: new Server() }, env).connect).toBeTypeOf("function");
  });

  it("needs the inbox's name instead of the queue in direct ordering", () => {
    const env = { ...without("NONSTICKY_MAILBOX_URL"), NONSTICKY_ORDERING: "direct" };

    expect(() => createHandlers({ io: new Server() }, env).inbox).toThrow("NONSTICKY_INBOX_FUNCTION");
    expect(
      createHandlers({ io: new Server() }, { ...env, NONSTICKY_INBOX_FUNCTION: "inbox" }).inbox,
    ).toBeTypeOf("function");
  });

  it("tells emitters of the inbox instead of the queue in direct ordering", () => {
    const env = { ...without("NONSTICKY_MAILBOX_URL"), NONSTICKY_ORDERING: "direct" };

    expect(() => createHandlers({ io: new Server() }, env).heartbeat).toThrow("NONSTICKY_INBOX_FUNCTION");
    expect(
      createHandlers({ io: new Server() }, { ...env, NONSTICKY_INBOX_FUNCTION: "inbox" }).heartbeat,
    ).toBeTypeOf("function");
  });

  it.each([
    [{ NONSTICKY_TABLE: "" }, "got an empty string"],
    [
      { NONSTICKY_LOG_LEVEL: "loud" },
      "expected NONSTICKY_LOG_LEVEL to be one of debug, info, warn, error, silent",
    ],
    [{ NONSTICKY_ORDERING: "drect" }, "expected NONSTICKY_ORDERING to be fifo or direct"],
  ])("refuses %j", (env, message) => {
    expect(() => createHandlers({ io: new Server() }, { ...full, ...env }).inbox).toThrow(message);
  });

  it("can be asked as soon as one handler has been made, and says so before that", async () => {
    const io = new Server();

    await expect(io.fetchSockets()).rejects.toMatchObject({ code: "core.no_runtime" });
  });
});
