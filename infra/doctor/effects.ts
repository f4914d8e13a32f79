import ts from "typescript";
import type { Examination } from "./examination.ts";
import { calledBy } from "./roots.ts";
import { isFunction, methodOf, nodesOf, receiverOf, rootIdentifier } from "./syntax.ts";

const senders = new Set([
  "emit",
  "send",
  "write",
  "emitWithAck",
  "disconnectSockets",
  "socketsJoin",
  "socketsLeave",
  "disconnect",
  "join",
  "leave",
]);

/** Whether code reaches clients, by itself or by what it calls. */
export function reachesClients(code: ts.Node, examination: Examination): boolean {
  return [...reachable(code, examination)].some((node) => {
    if (!ts.isCallExpression(node) || !senders.has(methodOf(node) ?? "")) return false;
    const receiver = receiverOf(node);
    return receiver !== undefined && isOfSocketIo(receiver, examination);
  });
}

/** `io`, `io.to(room)`, `socket.broadcast`, `socket.to(room).volatile` */
export function isOfSocketIo(node: ts.Expression, { isServer, isSocket }: Examination): boolean {
  for (let at: ts.Expression = node; ;) {
    if (isServer(at) || isSocket(at)) return true;
    if (ts.isCallExpression(at) || ts.isPropertyAccessExpression(at)) at = at.expression;
    else return false;
  }
}

/** Whether it changes something that was there before it ran. */
export function changesWhatIsKept(code: ts.Node, examination: Examination): boolean {
  const owners = new Set<ts.Node>([...reachable(code, examination)].filter(isFunction));
  return examination.changes.some(({ owner, place }) => {
    const home = place.declaration;
    return (
      owners.has(owner) &&
      ![...owners].some(
        (one) => home.pos >= one.pos && home.end <= one.end && home.getSourceFile() === one.getSourceFile(),
      )
    );
  });
}

/** Every node of a piece of code, and of the app's functions that it calls. */
export function* reachable(code: ts.Node, { names }: Examination): Generator<ts.Node> {
  const seen = new Set<ts.Node>();
  const queue: ts.Node[] = [code];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    for (const node of nodesOf(at)) {
      yield node;
      if (ts.isCallExpression(node) || ts.isNewExpression(node)) queue.push(...calledBy(node, names));
    }
  }
}

/** What a name at the beginning of a chain is, apart from Socket.IO's: where it was declared. */
export function declarationOfRoot(node: ts.Expression, { names }: Examination): ts.Declaration | undefined {
  const root = rootIdentifier(node);
  const symbol = root && names.symbolOf(root);
  return symbol?.valueDeclaration ?? symbol?.declarations?.[0];
}
