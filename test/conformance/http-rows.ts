import type { Ask, Stage } from "./http-stage.ts";

/**
 * What a server answers over HTTP, and while a session moves from there to a WebSocket, one row a case. Where the
 * Engine.IO protocol (revision 4) is silent, what the reference server does.
 */
export interface HttpRow {
  readonly title: string;
  readonly play: (stage: Stage) => Promise<unknown>;
  /** Answers as `status content-type body`, frames, ends of WebSockets, and why sockets left. */
  readonly sees: readonly string[];
  /** Where ours differs, and why. */
  readonly ours?: { readonly sees: readonly string[]; readonly why: string };
}

const json = (status: number, code: number, message: string): string =>
  `${status} application/json {"code":${code},"message":"${message}"}`;

const unknownTransport = json(400, 0, "Transport unknown");
const unknownSid = json(400, 1, "Session ID unknown");
const badMethod = json(400, 2, "Bad handshake method");
export const badRequest = json(400, 3, "Bad request");
const badVersion = json(400, 5, "Unsupported protocol version");
export const ok = "200 text/html ok";
export const text = (body: string): string => `200 text/plain; charset=UTF-8 ${body}`;

const asks = (title: string, ask: Ask, answer: string): HttpRow => ({
  title,
  play: (stage) => stage.ask(ask),
  sees: [answer],
});

export const handshakeRows: readonly HttpRow[] = [
  asks(
    "a handshake",
    { shows: ["cache-control", "set-cookie"] },
    '200 text/plain; charset=UTF-8 cache-control=no-store set-cookie=io=*; Path=/; HttpOnly; SameSite=Lax 0{"sid":"*","upgrades":["websocket"],"pingInterval":120000,"pingTimeout":120000,"maxPayload":1000000}',
  ),
  asks(
    "a handshake below the path",
    { path: "/socket.io/any/thing" },
    text(
      '0{"sid":"*","upgrades":["websocket"],"pingInterval":120000,"pingTimeout":120000,"maxPayload":1000000}',
    ),
  ),
  asks("no transport", { query: { transport: undefined } }, unknownTransport),
  asks("an unknown transport", { query: { transport: "abc" } }, unknownTransport),
  asks("a transport named like a property", { query: { transport: "__proto__" } }, unknownTransport),
  asks("an unknown session", { query: { sid: "AAAAAAAAAAAAAAAAAAAA" } }, unknownSid),
  asks("a session named like a property", { query: { sid: "__proto__" } }, unknownSid),
  asks("a POST to an unknown session", { query: { sid: "AAAAAAAAAAAAAAAAAAAA" }, body: "40" }, unknownSid),
  asks("a POST without a session", { body: "40" }, badMethod),
  asks("a PUT without a session", { method: "PUT" }, badMethod),
  asks("an OPTIONS without a session", { method: "OPTIONS" }, badMethod),
  asks(
    "a HEAD of the client",
    { method: "HEAD", path: "/socket.io/socket.io.js", shows: ["cache-control"] },
    "200 application/javascript; charset=utf-8 cache-control=public, max-age=0",
  ),
  asks(
    "a handshake with two cookies of the app",
    { headers: { "x-cookies": "yes" }, shows: ["set-cookie"] },
    '200 text/plain; charset=UTF-8 set-cookie=io=*; Path=/; HttpOnly; SameSite=Lax,a=1,b=2 0{"sid":"*","upgrades":["websocket"],"pingInterval":120000,"pingTimeout":120000,"maxPayload":1000000}',
  ),
  asks("a HEAD without a session", { method: "HEAD" }, "400 application/json"),
  asks("a WebSocket without an upgrade", { query: { transport: "websocket" } }, badRequest),
  asks("no protocol version", { query: { EIO: undefined } }, badVersion),
  asks("protocol version abc", { query: { EIO: "abc" } }, badVersion),
  asks("protocol version 3", { query: { EIO: "3" } }, badVersion),
  asks("protocol version 5", { query: { EIO: "5" } }, badVersion),
  asks("a refusal by the app", { headers: { "x-refuse": "yes" } }, json(403, 4, "not today")),
  asks(
    "a refusal without words",
    { headers: { "x-refuse": "mute" } },
    '403 application/json {"code":4,"message":"Forbidden"}',
  ),
];

export const pollingRows: readonly HttpRow[] = [
  {
    title: "packets of one body, bytes among them",
    play: async (stage) => {
      await stage.connect();
      await stage.post('42["burst"]');
      await stage.get();
    },
    sees: [
      ok,
      text('42["any",["burst"]]\x1e451-["x",{"_placeholder":true,"num":0},"y"]\x1ebAQI=\x1e42["z"]'),
    ],
  },
  {
    title: "a GET that waits for its packet",
    play: async (stage) => {
      await stage.connect();
      const parked = await stage.park();
      await stage.post('42["marker"]');
      await parked.answer();
    },
    sees: [ok, text('42["marked"]')],
  },
  {
    title: "bytes in a POST",
    play: async (stage) => {
      await stage.connect();
      await stage.post('451-["bin",{"_placeholder":true,"num":0}]\x1ebAQID');
      await stage.get();
    },
    sees: [ok, text('451-["any",["bin",{"_placeholder":true,"num":0}]]\x1ebAQID')],
  },
  {
    title: "two GETs at once",
    play: async (stage) => {
      await stage.connect();
      const first = await stage.park();
      await stage.get();
      await first.answer();
      await stage.reason();
      await stage.get();
    },
    sees: ["400 -", text("1"), "transport error", unknownSid],
  },
  {
    title: "two POSTs at once",
    play: async (stage) => {
      await stage.connect();
      const first = await stage.slowPost('42["a"]');
      await stage.post('42["marker"]');
      await first.answer();
    },
    sees: ["400 -", "reset -"],
    ours: {
      sees: [ok, ok],
      why: "a request reaches a function when it is complete; nobody knows of another that is not",
    },
  },
  {
    title: "a GET that its client gives up",
    play: async (stage) => {
      await stage.connect();
      (await stage.park()).abort();
      await stage.get();
      await stage.reason();
    },
    sees: [unknownSid, "transport error"],
    ours: {
      sees: ["400 -", "transport error"],
      why: "a client that gives up is invisible to a function: its next GET is one beside another",
    },
  },
  {
    title: "a POST of bytes",
    play: async (stage) => {
      await stage.connect();
      await stage.post('42["x"]', "application/octet-stream");
      await stage.reason();
      await stage.get();
    },
    sees: ["400 -", "transport error", unknownSid],
  },
  {
    title: "a POST that is too large",
    play: async (stage) => {
      await stage.connect();
      await stage.post(`42["${"x".repeat(1_000_000)}"]`);
      await stage.reason();
      await stage.post('42["marker"]');
    },
    sees: ["413 -", "transport error", unknownSid],
  },
  ...["PUT", "DELETE"].map((method) => ({
    title: `a ${method} of a session`,
    play: async (stage: Stage) => {
      await stage.connect();
      await stage.method(method);
      await stage.post('42["marker"]');
      await stage.get();
    },
    sees: ["500 -", ok, text('42["marked"]')],
  })),
  ...["abc", "", '42["x"]\x1eabc'].map((body) => ({
    title: `a POST of ${JSON.stringify(body)}`,
    play: async (stage: Stage) => {
      await stage.connect();
      await stage.post(body);
      await stage.reason();
      await stage.get();
    },
    sees: [ok, "parse error", unknownSid],
  })),
  {
    title: "a close while a GET waits",
    play: async (stage) => {
      await stage.connect();
      const parked = await stage.park();
      await stage.post("1");
      await parked.answer();
      await stage.reason();
      await stage.get();
    },
    sees: [ok, text("6"), "transport close", unknownSid],
  },
  {
    title: "a close behind an event and a farewell",
    play: async (stage) => {
      await stage.connect();
      await stage.post('42["x"]\x1e41');
      await stage.post("1");
      await stage.reason();
    },
    sees: [ok, ok, "client namespace disconnect"],
  },
  {
    title: "a ping while a GET waits",
    play: async (stage) => {
      await stage.connect();
      const parked = await stage.park();
      await stage.post("2");
      await parked.answer();
      await stage.reason();
      await stage.get();
    },
    sees: [ok, text("1"), "transport error", unknownSid],
  },
  {
    title: "the server's disconnect while a GET waits",
    play: async (stage) => {
      await stage.connect();
      const parked = await stage.park();
      await stage.post('42["hang up",true]');
      await stage.farewell(parked);
      await stage.reason();
    },
    sees: [ok, '42["any",["hang up",true]] 41 1', unknownSid, "server namespace disconnect"],
  },
  {
    title: "the server's disconnect while no GET waits",
    play: async (stage) => {
      await stage.connect();
      await stage.post('42["hang up",true]');
      await stage.reason();
      await stage.settled();
      await stage.farewell();
    },
    sees: [ok, "server namespace disconnect", '42["any",["hang up",true]] 41 1', unknownSid],
  },
  {
    title: "a bad packet of Socket.IO",
    play: async (stage) => {
      await stage.connect();
      await stage.post("4abc");
      await stage.farewell();
      await stage.reason();
    },
    sees: [ok, "1", unknownSid, "forced close"],
  },
  {
    title: "a second CONNECT, behind the answer to the first",
    play: async (stage) => {
      await stage.connect();
      await stage.post("40");
      await stage.farewell();
      await stage.reason();
    },
    sees: [ok, "1", unknownSid, "forced server close"],
    ours: {
      sees: [ok, "1", unknownSid, "forced close"],
      why: "who closed a session is not kept: it is the server in either case",
    },
  },
  {
    title: "the other protocol version in the middle of a session",
    play: async (stage) => {
      await stage.connect();
      await stage.get({ EIO: "3" });
    },
    sees: [badRequest],
  },
];
