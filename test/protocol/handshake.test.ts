import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { parseHandshake, refuseHandshake, type HandshakeRefusal } from "../../lib/protocol/handshake.ts";

/** What engine.io itself would answer, code by code. */
const { Server: EngineServer } = createRequire(createRequire(import.meta.url).resolve("socket.io"))(
  "engine.io",
) as { Server: { errorMessages: Record<number, string> } };

const SID = "lv_VI97HAXpY6yYWAAAB";
const both = { transports: ["polling", "websocket"], allowEIO3: false };

describe("parseHandshake reads", () => {
  test.each([
    [
      { EIO: "4", transport: "websocket" },
      { protocol: 4, transport: "websocket", supportsBinary: true },
    ],
    [
      { EIO: "4", transport: "polling", t: "abc" },
      { protocol: 4, transport: "polling", supportsBinary: true },
    ],
    [
      { EIO: "4", transport: "polling", b64: "1" },
      { protocol: 4, transport: "polling", supportsBinary: false },
    ],
    [
      { EIO: "4", transport: "polling", b64: "0" },
      { protocol: 4, transport: "polling", supportsBinary: false },
    ],
    [
      { EIO: "4", transport: "polling", b64: "" },
      { protocol: 4, transport: "polling", supportsBinary: true },
    ],
    [
      { EIO: "4", transport: "polling", sid: "" },
      { protocol: 4, transport: "polling", supportsBinary: true },
    ],
    [
      { EIO: "4", transport: "websocket", sid: SID, token: "x" },
      { protocol: 4, transport: "websocket", sid: SID, supportsBinary: true },
    ],
    [
      { transport: "polling", sid: SID },
      { protocol: 3, transport: "polling", sid: SID, supportsBinary: true },
    ],
  ])("%j", (query, handshake) => {
    expect(parseHandshake(query, both)).toEqual(handshake);
  });

  test.each([
    [{ transport: "polling" }],
    [{ EIO: "3", transport: "polling" }],
    [{ EIO: "abc", transport: "polling" }],
  ])("%j as protocol 3 where that is allowed", (query) => {
    const handshake = parseHandshake(query, { ...both, allowEIO3: true });

    expect(handshake).toEqual({ protocol: 3, transport: "polling", supportsBinary: true });
  });
});

describe("parseHandshake refuses", () => {
  const transportUnknown: HandshakeRefusal = {
    refused: true,
    code: 0,
    message: "Transport unknown",
    status: 400,
  };
  const sidUnknown: HandshakeRefusal = { refused: true, code: 1, message: "Session ID unknown", status: 400 };
  const versionUnsupported: HandshakeRefusal = {
    refused: true,
    code: 5,
    message: "Unsupported protocol version",
    status: 400,
  };

  test.each<[Record<string, string | undefined>, HandshakeRefusal]>([
    [{}, transportUnknown],
    [{ EIO: "4" }, transportUnknown],
    [{ EIO: "4", transport: undefined }, transportUnknown],
    [{ EIO: "4", transport: "" }, transportUnknown],
    [{ EIO: "4", transport: "tobi" }, transportUnknown],
    [{ EIO: "4", transport: "__proto__" }, transportUnknown],
    [{ EIO: "4", transport: "constructor" }, transportUnknown],
    [{ EIO: "4", transport: "webtransport" }, transportUnknown],
    [{ EIO: "4", transport: "Polling" }, transportUnknown],
    [{ EIO: "3", transport: "tobi", sid: "tobi" }, transportUnknown],
    [{ EIO: "4", transport: "polling", sid: "tobi" }, sidUnknown],
    [{ EIO: "4", transport: "polling", sid: "__proto__" }, sidUnknown],
    [{ EIO: "4", transport: "polling", sid: `${SID}.a` }, sidUnknown],
    [{ EIO: "4", transport: "polling", sid: ` ${SID.slice(1)}` }, sidUnknown],
    [{ EIO: "3", transport: "polling", sid: "tobi" }, sidUnknown],
    [{ transport: "polling" }, versionUnsupported],
    [{ EIO: "", transport: "polling" }, versionUnsupported],
    [{ EIO: "abc", transport: "polling" }, versionUnsupported],
    [{ EIO: "3", transport: "polling" }, versionUnsupported],
    [{ EIO: "5", transport: "websocket" }, versionUnsupported],
    [{ EIO: "04", transport: "websocket" }, versionUnsupported],
    [{ EIO: "4 ", transport: "websocket" }, versionUnsupported],
  ])("%j", (query, refusal) => {
    expect(parseHandshake(query, both)).toEqual(refusal);
  });

  test("a transport that is not enabled", () => {
    const refusal = parseHandshake(
      { EIO: "4", transport: "polling" },
      { ...both, transports: ["websocket"] },
    );

    expect(refusal).toEqual(transportUnknown);
  });

  test("a transport we do not speak, even when it is enabled", () => {
    const options = { ...both, transports: ["webtransport", "__proto__"] };

    expect(parseHandshake({ EIO: "4", transport: "webtransport" }, options)).toEqual(transportUnknown);
    expect(parseHandshake({ EIO: "4", transport: "__proto__" }, options)).toEqual(transportUnknown);
  });

  test("what a query only inherits", () => {
    const query = Object.create({ EIO: "4", transport: "polling" }) as Record<string, string>;

    expect(parseHandshake(query, both)).toEqual(transportUnknown);
  });
});

describe("refuseHandshake", () => {
  test.each([
    [0, "Transport unknown", 400],
    [1, "Session ID unknown", 400],
    [2, "Bad handshake method", 400],
    [3, "Bad request", 400],
    [4, "Forbidden", 403],
    [5, "Unsupported protocol version", 400],
  ] as const)("answers code %i with %j and status %i, as officially", (code, message, status) => {
    expect(refuseHandshake(code)).toEqual({ refused: true, code, message, status });
    expect(EngineServer.errorMessages[code]).toBe(message);
  });

  test("says what allowRequest says", () => {
    expect(refuseHandshake(4, "not today")).toEqual({
      refused: true,
      code: 4,
      message: "not today",
      status: 403,
    });
  });
});
