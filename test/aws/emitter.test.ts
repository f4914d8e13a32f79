import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Server } from "../../lib/socketio/server.ts";
import { connectEmitter } from "../../lib/emitter.ts";

const env = {
  NONSTICKY_TABLE: "table",
  NONSTICKY_CALLBACK_URL: "https://abcdef1234.execute-api.eu-central-1.amazonaws.com/dev",
  AWS_REGION: "eu-central-1",
};

let listeners: NodeJS.ExitListener[];

beforeEach(() => {
  listeners = process.listeners("exit");
});

afterEach(() => {
  for (const listener of process.listeners("exit")) {
    if (!listeners.includes(listener)) process.off("exit", listener);
  }
});

describe("connectEmitter", () => {
  it("lets an io be used that could not be asked before", async () => {
    const io = new Server();
    await expect(io.fetchSockets()).rejects.toMatchObject({ code: "core.no_runtime" });

    connectEmitter(io, {}, env);

    expect(await io.flush()).toEqual({ delivered: 0, gone: 0, dropped: 0, unknown: 0 });
  });

  it.each(["NONSTICKY_TABLE", "NONSTICKY_CALLBACK_URL"])(
    "needs %s, and names it when it is missing",
    (name) => {
      const missing = Object.fromEntries(Object.entries(env).filter(([other]) => other !== name));

      expect(() => connectEmitter(new Server(), {}, missing)).toThrow(
        expect.objectContaining({
          code: "config.missing_environment",
          message: expect.stringContaining(name) as string,
        }),
      );
    },
  );

  it("takes options instead of the environment", () => {
    const options = { tableName: env.NONSTICKY_TABLE, callbackUrl: env.NONSTICKY_CALLBACK_URL };

    expect(connectEmitter(new Server(), options, {})).toBeTypeOf("function");
  });
});
