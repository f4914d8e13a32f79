import ts from "typescript";
import { declarationOfRoot, isOfSocketIo } from "../effects.ts";
import type { Examination } from "../examination.ts";
import type { Edit, Finding } from "../finding.ts";
import { isInside, lineOf, methodOf, nodesOf, ownerOf, receiverOf, type FunctionNode } from "../syntax.ts";

/** What is read may be read again; these change something for everybody. */
const writes =
  /^(insert|insertOne|insertMany|create|createMany|save|update|updateOne|updateMany|upsert|deleteOne|deleteMany|findOneAndUpdate|findByIdAndUpdate|incr|incrby|decr|lpush|rpush|sadd|srem|hset|hincrby|zadd|publish|sendMail|sendMessage)$/i;

/** A write in a connection listener, which runs again before each packet. */
export function findListenerEffects(examination: Examination): readonly Finding[] {
  const listeners = [...examination.roots]
    .filter(([, { kind }]) => kind === "listener")
    .map(([node]) => node);
  return listeners.flatMap((listener) =>
    [...nodesOf(listener)].flatMap((node) => {
      if (!ts.isCallExpression(node) || !writes.test(methodOf(node) ?? "")) return [];
      if (!runsIn(node, listener, examination) || isGuarded(node, listener)) return [];
      const receiver = receiverOf(node);
      if (receiver === undefined || isOfSocketIo(receiver, examination)) return [];
      const declared = declarationOfRoot(receiver, examination);
      if (declared === undefined || isInside(declared, listener)) return [];
      const message =
        "The listener runs again before each packet of the socket, and so would this. Guard it: if (!socket.recovered) …";
      const fix = guarded(node, listener);
      return [
        {
          file: listener.getSourceFile().fileName,
          line: lineOf(node),
          pattern: "listener-effect" as const,
          name: node.expression.getText().slice(0, 60),
          message,
          ...(fix ? { fix } : {}),
        },
      ];
    }),
  );
}

/** In the listener itself, not in a handler that it registers. */
function runsIn(node: ts.Node, listener: FunctionNode, { runners, roots }: Examination): boolean {
  const owner = ownerOf(node);
  return (
    owner === listener ||
    (!roots.has(owner as FunctionNode) && runners.of(owner).size === 1 && runners.of(owner).has(listener))
  );
}

function isGuarded(node: ts.Node, listener: ts.Node): boolean {
  const mentions = (text: string) => /\b(recovered|replaying)\b/.test(text);
  for (let at = node; at !== listener; at = at.parent) {
    if (ts.isIfStatement(at.parent) && mentions(at.parent.expression.getText())) return true;
  }
  return [...nodesOf(listener)].some(
    (other) =>
      ts.isIfStatement(other) &&
      other.getEnd() <= node.getStart() &&
      mentions(other.expression.getText()) &&
      /\breturn\b/.test(other.thenStatement.getText()),
  );
}

/** Where it is a statement of its own, whose value nobody uses. */
function guarded(call: ts.CallExpression, listener: FunctionNode): readonly Edit[] | undefined {
  const statement = ts.isAwaitExpression(call.parent) ? call.parent.parent : call.parent;
  const socket = listener.parameters[0]?.name;
  if (
    !ts.isExpressionStatement(statement) ||
    !socket ||
    !ts.isIdentifier(socket) ||
    ownerOf(statement) !== listener
  )
    return undefined;
  const start = statement.getStart();
  return [
    { file: statement.getSourceFile().fileName, start, end: start, text: `if (!${socket.text}.recovered) ` },
  ];
}
