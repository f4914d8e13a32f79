import { createRequire } from "node:module";
import path from "node:path";
import { describe, expect, it } from "vitest";
import * as official from "socket.io";
import { BroadcastOperator, Namespace, RemoteSocket, Server, Socket } from "nonsticky";
import { inBackticks, read, root, tableRows } from "./markdown.ts";

const page = read("docs/compatibility.md");

interface Prototyped {
  readonly prototype: object;
}

/** Public in TypeScript's eyes, marked as internal in the sources. */
const internal = new Set(["constructor", "internalState", "eventMiddlewares", "internals", "middlewares"]);

const io = new Server();
/** The package does not export these, so they are asked for by file. */
const { BroadcastOperator: OfficialOperator, RemoteSocket: OfficialRemoteSocket } = createRequire(
  import.meta.url,
)(path.join(root, "node_modules/socket.io/dist/broadcast-operator.js")) as Readonly<
  Record<"BroadcastOperator" | "RemoteSocket", Prototyped>
>;

const classes: readonly {
  readonly name: string;
  readonly ours: Prototyped;
  /** Properties that instances have and the prototype does not. */
  readonly fields: readonly string[];
  readonly official: Prototyped;
}[] = [
  { name: "Server", ours: Server, fields: Object.keys(io), official: official.Server },
  { name: "Namespace", ours: Namespace, fields: Object.keys(io.sockets), official: official.Namespace },
  { name: "Socket", ours: Socket, fields: [], official: official.Socket },
  { name: "BroadcastOperator", ours: BroadcastOperator, fields: [], official: OfficialOperator },
  {
    name: "RemoteSocket",
    ours: RemoteSocket,
    fields: ["id", "handshake", "rooms", "data"],
    official: OfficialRemoteSocket,
  },
];

describe.each(classes)("docs/compatibility.md about $name", ({ name, ours, fields, official: theirs }) => {
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
    expect(own.filter((member) => !listed.some((row) => row.member === member))).toEqual([]);
  });

  it("leaves out none of the official server's", () => {
    const official = Object.getOwnPropertyNames(theirs.prototype).filter(
      (member) => member !== "constructor" && !member.startsWith("_"),
    );

    expect(official.filter((member) => !listed.some((row) => row.member === member))).toEqual([]);
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
