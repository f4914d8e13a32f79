/**
 * The reactions of a server to frames, valid and invalid, one row a case. Sources: the Engine.IO protocol (revision
 * 4) and the Socket.IO protocol (revision 5), and where they are silent, what the reference server does.
 */
export interface Row {
  /** `fresh`: OPEN has arrived, nothing was sent. `connected`: `40` was answered as well. */
  readonly from: "fresh" | "connected";
  readonly sends: readonly Step[];
  /** Frames that come back, ids replaced by `*`. */
  readonly gets?: readonly string[];
  /** The connection ends; why each namespace's socket did, where there was one. Absent: it stays open. */
  readonly ends?: Readonly<Record<string, string>>;
  /** The WebSocket close code, where it is not that of a plain close. */
  readonly code?: number;
  /** Where API Gateway, not the server, decides. */
  readonly ours?: Pick<Row, "gets" | "ends" | "code"> & { readonly why: string };
}

/** A frame to send, or something to wait for before the next: a frame of the server, or a socket's disconnect. */
export type Step = string | Uint8Array | { readonly awaits: string } | { readonly leaves: string };

const fresh = (sends: Row["sends"], reaction: Pick<Row, "gets" | "ends"> = {}): Row => ({
  from: "fresh",
  sends,
  ...reaction,
});

const connected = (sends: Row["sends"], reaction: Omit<Row, "from" | "sends"> = {}): Row => ({
  from: "connected",
  sends,
  ...reaction,
});

const ignored = (...frames: readonly string[]): readonly Row[] => frames.map((frame) => connected([frame]));

const closesFresh = (...frames: readonly string[]): readonly Row[] =>
  frames.map((frame) => fresh([frame], { ends: {} }));

const closes = (reason: string, ...frames: readonly string[]): readonly Row[] =>
  frames.map((frame) => connected([frame], { ends: { "/": reason } }));

const placeholder = '{"_placeholder":true,"num":0}';

export const engineRows: readonly Row[] = [
  ...ignored("0", "1", "3", "5", "6", "3probe", "6noop"),
  ...closes("transport error", "2", "2probe"),
  ...closes("parse error", "7", "9", "a", "", "hello", "\u0000"),
  ...closes("forced close", "bAQID"),
  fresh(["3", "0", "5", "6"]),
  ...closesFresh("2", "9", "", "abc"),
  connected([Uint8Array.of(1, 2, 3)], {
    ends: { "/": "forced close" },
    ours: { ends: { "/": "transport close" }, code: 1003, why: "API Gateway takes no binary frames" },
  }),
  connected([`42["long","${"x".repeat(1_000_100)}"]`], {
    ends: { "/": "transport error" },
    code: 1009,
    ours: {
      ends: { "/": "transport close" },
      code: 1009,
      why: "API Gateway cuts it before any function sees it",
    },
  }),
];

export const connectRows: readonly Row[] = [
  ...closesFresh("41", '42["x"]', "43[]", "44", "45", `450-["x"]`, "4abc", "47", "48", "4"),
  fresh(["40"], { gets: ['40{"sid":"*"}'] }),
  fresh(["40{}"], { gets: ['40{"sid":"*"}'] }),
  fresh(['40{"a":1}'], { gets: ['40{"sid":"*"}'] }),
  fresh(["40/custom"], { gets: ['40/custom,{"sid":"*"}'] }),
  fresh(["40/custom,"], { gets: ['40/custom,{"sid":"*"}'] }),
  fresh(["40/custom,{}"], { gets: ['40/custom,{"sid":"*"}'] }),
  ...closesFresh("40null", "40[]", '40"x"', "40{", "40custom,"),
  fresh(["40123"], { gets: ['40{"sid":"*"}'] }),
  fresh(["401"], { gets: ['40{"sid":"*"}'] }),
  fresh(["4 "], { gets: ['40{"sid":"*"}'] }),
  fresh(["40/unknown,"], { gets: ['44/unknown,{"message":"Invalid namespace"}'] }),
  fresh(["40/custom?token=1,"], { gets: ['44/custom?token=1,{"message":"Invalid namespace"}'] }),
  fresh(["40/no,"], { gets: ['44/no,{"message":"not authorized","data":{"code":"E1"}}'] }),
  fresh(["40/no,", "40/no,", "40"], {
    gets: [
      '44/no,{"message":"not authorized","data":{"code":"E1"}}',
      '44/no,{"message":"not authorized","data":{"code":"E1"}}',
      '40{"sid":"*"}',
    ],
  }),
  ...closes("forced close", "40", "44", '44{"message":"x"}', '44/custom,{"message":"x"}'),
  connected(
    [
      '40/custom,{"row":"ROW"}',
      { awaits: "40/custom," },
      "41/custom,",
      { leaves: "/custom" },
      "40/custom,",
      { awaits: "40/custom," },
    ],
    {
      gets: ['40/custom,{"sid":"*"}', '40/custom,{"sid":"*"}'],
    },
  ),
  connected(['40/custom,{"row":"ROW"}', { awaits: "40/custom," }, "47"], {
    gets: ['40/custom,{"sid":"*"}'],
    ends: { "/": "forced close", "/custom": "forced close" },
  }),
];

export const disconnectRows: readonly Row[] = [
  connected(["41", { leaves: "/" }, "40", { awaits: "40" }], { gets: ['40{"sid":"*"}'] }),
  connected(["41", { leaves: "/" }, '42["x"]'], { ends: {} }),
  connected(["40/custom,", { awaits: "40/custom," }, "41/custom,"], { gets: ['40/custom,{"sid":"*"}'] }),
  ...closes("forced close", "41{}", '41["x"]', "41,"),
];

export const eventRows: readonly Row[] = [
  ...closes("forced close", '42/custom,["x"]', '42/["x"]', "41/custom,", "43/custom,1[]"),
  connected(["42"], {
    gets: ['42["any",[]]'],
    ours: {
      gets: ['42["any",["undefined"]]'],
      why: "no name is shown by the name that Node's emitter gives it",
    },
  }),
  ...closes(
    "forced close",
    "42[]",
    "42[null]",
    "42[{}]",
    "42[true]",
    '42{"a":1}',
    '42"x"',
    "42null",
    "42[1",
    "42x",
  ),
  connected(["42[1]"], { gets: ['42["any",[1]]'] }),
  connected(["42[1,2]"], { gets: ['42["any",[1,2]]'] }),
  ...["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"].flatMap(
    (name) => closes("forced close", `42["${name}"]`),
  ),
  ...["error", "connection", "message", "", "__proto__"].map((name) =>
    connected([`42["${name}",1]`], { gets: [`42["any",["${name}",1]]`] }),
  ),
  ...closes("forced close", '42abc["x"]', '42-1["x"]', '421.5["x"]'),
  connected(['42 1["ack"]'], { gets: ['42["any",["ack"]]', "431[]"] }),
  connected(['4200012["ack"]'], { gets: ['42["any",["ack"]]', "4312[]"] }),
  connected(['420["ack"]'], { gets: ['42["any",["ack"]]', "430[]"] }),
  connected(['42["a"]', '42["b"]', '42["c"]'], {
    gets: ['42["any",["a"]]', '42["any",["b"]]', '42["any",["c"]]'],
  }),
  ...closes("forced close", "47", "48", "49", "4abc", "4"),
];

export const ackRows: readonly Row[] = [
  ...ignored("43", "431", '43["a"]', '43999["a"]', "430[]"),
  ...closes("forced close", "431{}", "431null", '431"x"'),
];

export const binaryRows: readonly Row[] = [
  ...closes(
    "forced close",
    '45["x"]',
    '45-["x"]',
    '45a-["x"]',
    '451.5-["x"]',
    '45-1-["x"]',
    '4511-["x"]',
    '450-["x"]',
    "451-[]",
    '451-{"a":1}',
    '451-["connect"]',
  ),
  connected([`451-["bin",${placeholder}]`, "bAQID"], {
    gets: [`451-["any",["bin",${placeholder}]]`, "bAQID"],
  }),
  connected([`451-["bin",${placeholder}]`, "3", "6", "bAQID"], {
    gets: [`451-["any",["bin",${placeholder}]]`, "bAQID"],
  }),
  connected([`452-["bin",{"_placeholder":true,"num":1},${placeholder}]`, "bAQ==", "bAg=="], {
    gets: [`452-["any",["bin",${placeholder},{"_placeholder":true,"num":1}]]`, "bAg==", "bAQ=="],
  }),
  connected(['451-["bin"]', "bAQID"], { gets: ['42["any",["bin"]]'] }),
  connected([`451-["bin",${placeholder}]`, '42["x"]'], { ends: { "/": "forced close" } }),
  connected([`451-["bin",${placeholder}]`, "41"], { ends: { "/": "forced close" } }),
  connected(['451-["bin",{"_placeholder":true,"num":1}]', "bAQID"], { ends: { "/": "forced close" } }),
  connected(['451-["bin",{"_placeholder":true,"num":-1}]', "bAQID"], { ends: { "/": "forced close" } }),
  connected(['451-["bin",{"_placeholder":true,"num":"0"}]', "bAQID"], { ends: { "/": "forced close" } }),
  connected([`451-["bin",${placeholder}]`, "bAQID", { awaits: "b" }, "bAQID"], {
    gets: [`451-["any",["bin",${placeholder}]]`, "bAQID"],
    ends: { "/": "forced close" },
  }),
  connected([`461-7[${placeholder}]`, "bAQID"]),
  ...closes("forced close", "46", "461-{}", '460-7["x"]'),
];
