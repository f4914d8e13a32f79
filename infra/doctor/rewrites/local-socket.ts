import ts from "typescript";
import type { Edit } from "../finding.ts";
import { isFunction, methodOf } from "../syntax.ts";

/** What a socket does by itself, as what a room does: everybody is in the room of the own id. */
const onRoom: Readonly<Record<string, { readonly select: string; readonly method: string }>> = {
  emit: { select: "to", method: "emit" },
  send: { select: "to", method: "send" },
  join: { select: "in", method: "socketsJoin" },
  leave: { select: "in", method: "socketsLeave" },
  disconnect: { select: "in", method: "disconnectSockets" },
};

/**
 * `io.sockets.sockets.get(id).emit(…)` as `io.to(id).emit(…)`, and `io.sockets.sockets.size` as
 * `(await io.fetchSockets()).length` where one may await. `node` is the map, `nsp` the text of whose map it is.
 */
export function rewriteLocalSocket(node: ts.Expression, nsp: string): readonly Edit[] | undefined {
  const edit = (whole: ts.Node, text: string): readonly Edit[] => [
    { file: node.getSourceFile().fileName, start: whole.getStart(), end: whole.getEnd(), text },
  ];
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name.text === "size") {
    return mayAwait(parent) ? edit(parent, `(await ${nsp}.fetchSockets()).length`) : undefined;
  }
  const found = socketIn(node);
  const member = found?.node.parent;
  if (found === undefined || member === undefined || !ts.isPropertyAccessExpression(member)) return undefined;
  const call = member.parent;
  if (!ts.isCallExpression(call) || call.expression !== member) return undefined;
  const way = onRoom[methodOf(call) ?? ""];
  return way && edit(member, `${nsp}.${way.select}(${found.key}).${way.method}`);
}

/** `io.sockets.adapter.rooms.get(room)?.size` as `(await io.in(room).count())`, with what stands in for none. */
export function rewriteRoomSize(adapter: ts.Expression, nsp: string): readonly Edit[] | undefined {
  const rooms = adapter.parent;
  if (!ts.isPropertyAccessExpression(rooms) || rooms.name.text !== "rooms") return undefined;
  const found = socketIn(rooms);
  const size = found?.node.parent;
  if (found === undefined || size === undefined || !mayAwait(adapter)) return undefined;
  if (!ts.isPropertyAccessExpression(size) || size.name.text !== "size") return undefined;
  const { parent } = size;
  const isDefaulted =
    ts.isBinaryExpression(parent) &&
    /^(\?\?|\|\|)$/.test(parent.operatorToken.getText()) &&
    parent.right.getText() === "0";
  const whole = isDefaulted ? parent : size;
  const file = adapter.getSourceFile().fileName;
  return [
    { file, start: whole.getStart(), end: whole.getEnd(), text: `(await ${nsp}.in(${found.key}).count())` },
  ];
}

/** `map.get(id)`, `map[id]` */
function socketIn(map: ts.Expression): { readonly node: ts.Node; readonly key: string } | undefined {
  const { parent } = map;
  if (ts.isElementAccessExpression(parent) && parent.expression === map) {
    return { node: parent, key: parent.argumentExpression.getText() };
  }
  const call = parent.parent;
  if (!ts.isPropertyAccessExpression(parent) || parent.name.text !== "get" || !ts.isCallExpression(call))
    return undefined;
  const [key] = call.arguments;
  return key && { node: call, key: key.getText() };
}

/** In an asynchronous function, whatever stands between. */
export function mayAwait(node: ts.Node): boolean {
  let at = node.parent;
  while (!isFunction(at) && !ts.isSourceFile(at)) at = at.parent;
  return (
    !ts.isSourceFile(at) &&
    ts.canHaveModifiers(at) &&
    (ts.getModifiers(at) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)
  );
}
