import ts from "typescript";
import { declarationOfRoot, isOfSocketIo, reachesClients } from "../effects.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { isInside, lineOf, methodOf, nodesOf, ownerOf, receiverOf } from "../syntax.ts";

const subscribing = new Set([
  "on",
  "addListener",
  "subscribe",
  "psubscribe",
  "sSubscribe",
  "pSubscribe",
  "watch",
]);

/** Listeners of something else than sockets, which outlive the packet that adds them, or wait for what no instance hears. */
export function findSubscriptions(examination: Examination): readonly Finding[] {
  return examination.app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      if (!ts.isCallExpression(node) || !subscribing.has(methodOf(node) ?? "")) return [];
      const receiver = receiverOf(node);
      const callback = node.arguments.at(-1);
      if (receiver === undefined || callback === undefined || isOfSocketIo(receiver, examination)) return [];
      const listened = examination.names.functionOf(callback);
      const message = messageFor(node, receiver, listened, examination);
      if (message === undefined) return [];
      const name = node.expression.getText().slice(0, 60);
      return [{ file: file.fileName, line: lineOf(node), pattern: "subscription" as const, name, message }];
    }),
  );
}

function messageFor(
  node: ts.CallExpression,
  receiver: ts.Expression,
  listened: ts.Node | undefined,
  examination: Examination,
): string | undefined {
  if (listened === undefined || !reachesClients(listened, examination)) return undefined;
  const owner = ownerOf(node);
  if (examination.runners.of(owner).size === 0) {
    if (isServerOfNode(receiver, examination) || isToldByPackets(node, examination)) return undefined;
    return "No process is there to hear it: instances sleep between two packets. Let what publishes it invoke a function that has an emitter, or emit by one itself";
  }
  const declared = declarationOfRoot(receiver, examination);
  // Made for this packet: a stream, a child process.
  if (declared === undefined || isInside(declared, owner)) return undefined;
  return "The listener runs before each packet of the socket, so that is subscribed to again each time, and never taken off. Publish to a room instead, which the socket joins: io.to(room).emit(…)";
}

/** Within the packet whose handler emits it: an emitter of the app calls its listeners at once. */
function isToldByPackets(node: ts.CallExpression, { ownEvents, rootsOf }: Examination): boolean {
  const emitters = ownEvents.emittersFor(node);
  return (
    emitters.length > 0 && emitters.every((owner) => rootsOf(owner).some(({ kind }) => kind !== "timer"))
  );
}

const isServerOfNode = (receiver: ts.Expression, { names }: Examination): boolean =>
  receiver.getText() === "process" || /^(node:)?(https?|net)$/.test(names.packageOf(receiver) ?? "");
