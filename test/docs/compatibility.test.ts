import { EventEmitter } from "node:events";
import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, it } from "vitest";
import * as official from "socket.io";
import { deviations } from "../../scripts/server-suite/deviations.ts";
import { BroadcastOperator, Namespace, RemoteSocket, Server, Socket } from "nonsticky";
import { ParentNamespace } from "../../lib/socketio/server.ts";
import { inBackticks, isThere, read, root, rowsOf, tableRows } from "./markdown.ts";

const page = read("docs/compatibility.md");

interface Prototyped {
  readonly prototype: object;
}

/** Public in TypeScript's eyes, marked as internal in the sources. */
const internal = new Set([
  "constructor",
  "parent",
  "hasChildren",
  "adopt",
  "internalState",
  "beginMiddlewares",
  "adoptSession",
  "eventMiddlewares",
  "bound",
  "restore",
  "observe",
  "namespaceNames",
  "listenersWith",
  "internals",
  "roomAdapter",
  "middlewares",
  "createSocket",
  "createNamespace",
  "createParent",
]);

const io = new Server();
const requireOfficial = createRequire(path.join(root, "node_modules/socket.io/dist/index.js"));
/** The package does not export these, so they are asked for by file. */
const { BroadcastOperator: OfficialOperator, RemoteSocket: OfficialRemoteSocket } = requireOfficial(
  "./broadcast-operator.js",
) as Readonly<Record<"BroadcastOperator" | "RemoteSocket", Prototyped>>;
const { ParentNamespace: OfficialParent } = requireOfficial("./parent-namespace.js") as Readonly<
  Record<"ParentNamespace", Prototyped>
>;

const classes: readonly {
  readonly name: string;
  readonly ours: Prototyped;
  /** Properties that instances have and the prototype does not. */
  readonly fields: readonly string[];
  readonly official: Prototyped;
  /** The same of the official server's that are documented. */
  readonly officialFields: readonly string[];
  /** Whether its table has only what is not as in the class above. */
  readonly isPartial?: boolean;
}[] = [
  {
    name: "Server",
    ours: Server,
    fields: Object.keys(io),
    official: official.Server,
    officialFields: ["sockets", "engine", "httpServer"],
  },
  {
    name: "Namespace",
    ours: Namespace,
    fields: Object.keys(io.sockets),
    official: official.Namespace,
    officialFields: ["name", "server", "sockets", "adapter"],
  },
  {
    name: "ParentNamespace",
    ours: ParentNamespace,
    fields: Object.keys(io.sockets),
    official: OfficialParent,
    officialFields: [],
    isPartial: true,
  },
  {
    name: "Socket",
    ours: Socket,
    fields: [],
    official: official.Socket,
    officialFields: ["id", "nsp", "handshake", "recovered", "data", "connected", "client", "server"],
  },
  {
    name: "BroadcastOperator",
    ours: BroadcastOperator,
    fields: [],
    official: OfficialOperator,
    officialFields: [],
  },
  {
    name: "RemoteSocket",
    ours: RemoteSocket,
    fields: ["id", "handshake", "rooms", "data"],
    official: OfficialRemoteSocket,
    officialFields: ["id", "handshake", "rooms", "data"],
  },
];

describe.each(classes)("docs/compatibility.md about $name", (one) => {
  const { name, ours, fields, official: theirs, officialFields, isPartial = false } = one;
  const listed = tableRows(page, name).flatMap(([members = "", status = ""]) =>
    inBackticks(members).map((member) => ({ member, status })),
  );
  const own = [...fields, ...membersOf(ours.prototype)].filter((member) => !internal.has(member));

  it("says of every member whether it is there", () => {
    const wrong = listed.filter(
      ({ member, status }) => ["yes", "differs", "ours"].includes(status) !== own.includes(member),
    );

    expect(wrong).toEqual([]);
  });

  it("leaves out none of ours", () => {
    const ownest = isPartial ? Object.getOwnPropertyNames(ours.prototype) : own;
    const told = [...internal, ...listed.map(({ member }) => member)];

    expect(ownest.filter((member) => !told.includes(member))).toEqual([]);
  });

  it("leaves out none of the official server's", () => {
    const isEmitter = theirs.prototype instanceof EventEmitter && !isPartial;
    const members = [
      ...officialFields,
      ...Object.getOwnPropertyNames(theirs.prototype),
      ...(isEmitter ? Object.getOwnPropertyNames(EventEmitter.prototype) : []),
    ].filter((member) => member !== "constructor" && !member.startsWith("_"));

    expect(members.filter((member) => !listed.some((row) => row.member === member))).toEqual([]);
  });
});

describe("the rows of docs/compatibility.md", () => {
  const rows = rowsOf(page)
    .map(([what = "", status = "", remark = ""]) => ({ what, status, remark }))
    .filter(({ status }) => /^(yes|differs|no|ours)$/.test(status));

  it("are found", () => {
    expect(rows.length).toBeGreaterThan(100);
  });

  it("give a reason wherever something is missing or differs", () => {
    const silent = rows.filter(({ status, remark }) => /^(differs|no)$/.test(status) && remark === "");

    expect(silent).toEqual([]);
  });

  it("name a test wherever something differs", () => {
    const unproven = rows.filter(({ status, remark }) => status === "differs" && !remark.includes("`test/"));

    expect(unproven.map(({ what }) => what)).toEqual([]);
  });

  it("name tests that there are", () => {
    const named = rows.flatMap(({ remark }) =>
      inBackticks(remark).filter((code) => /^test\/\S+$/.test(code)),
    );

    expect(named.filter((file) => !isThere(file))).toEqual([]);
  });
});

describe("the options in docs/compatibility.md", () => {
  const listed = tableRows(page, "Options of `new Server`").flatMap(([names = "", status = ""]) =>
    inBackticks(names).map((name) => ({ name, status })),
  );

  it("are those that the server takes", () => {
    const isTaken = (name: string): boolean => {
      try {
        new Server({ [name]: undefined });
        return true;
      } catch {
        return false;
      }
    };

    expect(listed.filter(({ name, status }) => isTaken(name) === (status === "no"))).toEqual([]);
  });
});

function membersOf(prototype: object): string[] {
  const members = new Set<string>();
  for (let one: object | null = prototype; one !== null && one !== Object.prototype;) {
    for (const name of Object.getOwnPropertyNames(one)) members.add(name);
    one = Object.getPrototypeOf(one) as object | null;
  }
  return [...members];
}

describe("the list of socket.io's own tests that do not pass", () => {
  const section = page.slice(page.indexOf("## socket.io's own server suite")).replaceAll(/\s+/g, " ");

  it.each(deviations)("has those where $reason", ({ reason, tests }) => {
    const [, rest = ""] = section.split(`**${tests.length}**: ${reason}. `);
    const [item = ""] = rest.split(/ - \*\*| ## /);

    expect([...item.matchAll(/"(.+?)"(?:;|$| \()/g)].map(([, title]) => title)).toEqual([...new Set(tests)]);
  });

  it("counts all of them", () => {
    const failing = deviations.flatMap(({ tests }) => tests).length;

    expect(section).toContain(
      `Of the 191 tests of socket.io 4.8.3 itself (without those of uWebSockets.js) ${191 - failing} pass`,
    );
  });
});
