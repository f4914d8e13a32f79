import { afterEach, describe, expect, it, vi } from "vitest";
import { createEngine } from "../../lib/engine/engine.ts";
import { Server } from "../../lib/socketio/server.ts";
import { resolveServerOptions, type ServerOptions } from "../../lib/socketio/server-options.ts";

const optionsOf = (options: ServerOptions = {}) => new Server(options).engine.options;

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("options", () => {
  it("have defaults that API Gateway can keep", () => {
    expect(optionsOf()).toMatchObject({
      path: "/socket.io",
      pingIntervalMs: 240_000,
      pingTimeoutMs: 120_000,
      maxPayloadBytes: 1_000_000,
      connectTimeoutMs: 45_000,
    });
  });

  it("of how a request's body is read are accepted: API Gateway hands over whole ones", () => {
    const options = { httpRequestBodyTimeout: 5_000, maxBufferedChunks: 10 };

    expect(optionsOf(options)).toEqual(optionsOf());
    expect(() => createEngine({ ...options, onMessage: () => undefined })).not.toThrow();
  });

  it("of how WebSockets are compressed are accepted as what Socket.IO has by default", () => {
    expect(optionsOf({ perMessageDeflate: false })).toEqual(optionsOf());
    for (const other of [true, { threshold: 1024 }])
      expect(() => optionsOf({ perMessageDeflate: other as never })).toThrow(
        expect.objectContaining({ code: "config.bad_option" }),
      );
  });

  it("take their defaults from the stage, and win over it", () => {
    vi.stubEnv("NONSTICKY_PING_INTERVAL_MS", "25000");
    vi.stubEnv("NONSTICKY_PING_TIMEOUT_MS", "20000");
    vi.stubEnv("NONSTICKY_PATH", "/stage/");

    expect(optionsOf()).toMatchObject({ pingIntervalMs: 25_000, pingTimeoutMs: 20_000, path: "/stage" });
    expect(optionsOf({ pingInterval: 30_000, path: "/own" })).toMatchObject({
      pingIntervalMs: 30_000,
      pingTimeoutMs: 20_000,
      path: "/own",
    });
  });

  it("turn recovery on with true, as {} does, and off with false, whatever the stage says", () => {
    const recoveryOf = (connectionStateRecovery: unknown) =>
      resolveServerOptions({ connectionStateRecovery: connectionStateRecovery as never }, process.env)
        .recovery;
    const usual = recoveryOf({});

    expect(usual).toMatchObject({ maxDisconnectionMs: 120_000, skipMiddlewares: true });
    expect([recoveryOf(true), recoveryOf(false)]).toEqual([usual, undefined]);
    vi.stubEnv("NONSTICKY_RECOVERY", "60000");
    expect([recoveryOf(true), recoveryOf(false)]).toEqual([usual, undefined]);
    expect(recoveryOf(undefined)).toMatchObject({ maxDisconnectionMs: 60_000 });
    for (const other of ["yes", 1, []])
      expect(() => recoveryOf(other)).toThrow(expect.objectContaining({ code: "config.bad_option" }));
  });

  it.each(["soon", "0", "-1", "Infinity"])("refuse %j from the stage", (value) => {
    vi.stubEnv("NONSTICKY_PING_INTERVAL_MS", value);

    expect(() => optionsOf()).toThrow(expect.objectContaining({ code: "config.bad_environment" }));
  });

  it.each<[ServerOptions, string]>([
    [{ pingInterval: 0 }, "expected pingInterval to be"],
    [{ pingInterval: Number.NaN }, "expected pingInterval to be"],
    [{ pingInterval: 1.5 }, "expected pingInterval to be"],
    [{ pingInterval: "25000" as never }, "expected pingInterval to be"],
    [{ pingTimeout: -1 }, "expected pingTimeout to be"],
    [{ connectTimeout: Infinity }, "expected connectTimeout to be"],
    [{ maxHttpBufferSize: -5 }, "expected maxHttpBufferSize to be"],
    [{ ackWait: "long" as never }, "expected ackWait to be"],
    [{ ackWait: -1 }, "expected ackWait to be"],
    [{ parser: {} as never }, "expected parser to be { Encoder, Decoder }"],
    [{ parser: null as never }, "expected parser to be { Encoder, Decoder }, got null"],
    [{ outbound: "alone" as never }, 'expected outbound to be "shared" or "exclusive", got "alone"'],
    [{ path: "chat" }, 'expected path to begin with "/"'],
    [{ path: "" }, 'expected path to begin with "/"'],
    [
      { pingInterval: 2_147_483_647, pingTimeout: 1 },
      "expected pingInterval + pingTimeout to be at most 2147483647",
    ],
  ])("refuse %j", (options, message) => {
    expect(() => optionsOf(options)).toThrow(
      expect.objectContaining({
        code: "config.bad_option",
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it("that are unknown are refused by name, with the known ones", () => {
    expect(() => new Server({ pingIntervall: 1 } as never)).toThrow(
      expect.objectContaining({
        code: "config.unknown_option",
        message: expect.stringMatching(
          /^expected an option of Server \(.*pingInterval.*\), got "pingIntervall"$/,
        ) as string,
      }),
    );
    expect(() => createEngine({ onMessage: () => undefined, onError: () => undefined } as never)).toThrow(
      expect.objectContaining({ code: "config.unknown_option" }),
    );
  });
});
