import ts from "typescript";
import type { Examination } from "../examination.ts";
import type { Edit, Finding, Pattern } from "../finding.ts";
import { mayAwait, rewriteLocalSocket, rewriteRoomSize } from "../rewrites/local-socket.ts";
import { bare, lineOf, methodOf, nodesOf, receiverOf } from "../syntax.ts";

interface Found {
  readonly pattern: Pattern;
  readonly message: string;
  readonly fix?: readonly Edit[] | undefined;
}

/** What only the process that holds the sockets could answer: adapters, maps of sockets, counts of connections. */
export function findLocalMembers(examination: Examination): readonly Finding[] {
  return examination.app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      const isMember = ts.isPropertyAccessExpression(node) || ts.isCallExpression(node);
      const found = isMember ? look(node, examination) : undefined;
      if (found === undefined) return [];
      const { pattern, message, fix } = found;
      const name = node.getText().replace(/\s+/g, "").slice(0, 60);
      return [{ file: file.fileName, line: lineOf(node), pattern, name, message, ...(fix ? { fix } : {}) }];
    }),
  );
}

function look(
  node: ts.PropertyAccessExpression | ts.CallExpression,
  examination: Examination,
): Found | undefined {
  const { isServer } = examination;
  if (ts.isCallExpression(node)) {
    const receiver = receiverOf(node);
    if (methodOf(node) !== "adapter" || receiver === undefined || !isServer(receiver)) return undefined;
    const statement = node.parent;
    const fix = ts.isExpressionStatement(statement) ? removal(statement) : undefined;
    return {
      pattern: "adapter",
      message: "Sockets and rooms are in the table for every instance: no adapter is needed. Leave this out",
      fix,
    };
  }
  const base = bare(node.expression);
  const member = node.name.text;
  if (member === "adapter" && isNamespace(base, examination) && isAsked(node)) {
    return {
      pattern: "adapter",
      message:
        "No instance knows the rooms: ask the table, await io.in(room).count() for how many are in one, fetchSockets() for who they are, socket.rooms for those of a socket",
      fix: rewriteRoomSize(
        node,
        ts.isPropertyAccessExpression(base) && base.name.text === "sockets"
          ? base.expression.getText()
          : base.getText(),
      ),
    };
  }
  if (isEngineOf(base, isServer) && ["clientsCount", "clients"].includes(member)) {
    const server = (bare(base) as ts.PropertyAccessExpression).expression.getText();
    const fix =
      member === "clientsCount" && mayAwait(node)
        ? replacement(node, `(await ${server}.fetchSockets()).length`)
        : undefined;
    return {
      pattern: "local-sockets",
      message: `No instance has the clients: (await ${server}.fetchSockets()).length counts sockets`,
      fix,
    };
  }
  const isMap = member === "sockets" || member === "connected";
  if (!isMap || !isMapOfSockets(node, base, examination)) return undefined;
  const nsp =
    ts.isPropertyAccessExpression(base) && base.name.text === "sockets"
      ? base.expression.getText()
      : base.getText();
  return {
    pattern: "local-sockets",
    message: `No instance has the sockets: ask the table, await ${nsp}.fetchSockets(), or send to one by its room, ${nsp}.to(id).emit(…)`,
    fix: rewriteLocalSocket(node, nsp),
  };
}

/** `io`, `io.sockets`, `io.of("/chat")`, `socket.nsp`, `socket` itself. */
function isNamespace(node: ts.Expression, { isServer, isSocket }: Examination): boolean {
  return (
    isServer(node) || isSocket(node) || (ts.isPropertyAccessExpression(node) && node.name.text === "nsp")
  );
}

/** `io.sockets.sockets`, `io.of("/").sockets`, `socket.nsp.sockets`; not `io.sockets`, which is the namespace. */
function isMapOfSockets(
  node: ts.PropertyAccessExpression,
  base: ts.Expression,
  examination: Examination,
): boolean {
  if (!isNamespace(base, examination) || examination.isSocket(base)) return false;
  if (node.name.text === "connected") return true;
  if (ts.isPropertyAccessExpression(base)) return base.name.text === "sockets" || base.name.text === "nsp";
  if (ts.isCallExpression(base)) return methodOf(base) === "of";
  // A name for a namespace: what follows tells a map from the server's own `sockets`.
  const { parent } = node;
  const next = ts.isPropertyAccessExpression(parent) ? parent.name.text : undefined;
  return next !== undefined && ["get", "has", "size", "keys", "values", "forEach"].includes(next);
}

const isEngineOf = (node: ts.Expression, isServer: (node: ts.Expression) => boolean): boolean =>
  ts.isPropertyAccessExpression(node) && /^(engine|eio)$/.test(node.name.text) && isServer(node.expression);

/** A member of it, but for those by which rooms that come and go are told of. */
const isAsked = ({ parent }: ts.Node): boolean =>
  ts.isPropertyAccessExpression(parent) &&
  !/^(on|once|off|addListener|removeListener|prependListener)$/.test(parent.name.text);

const replacement = (node: ts.Node, text: string): readonly Edit[] => [
  { file: node.getSourceFile().fileName, start: node.getStart(), end: node.getEnd(), text },
];

const removal = (node: ts.Node): readonly Edit[] => replacement(node, "");
