import ts from "typescript";
import { changesWhatIsKept, reachesClients } from "../effects.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { isLeftAlone } from "../left-alone.ts";
import { bare, lineOf, methodOf, nodesOf, ownerOf } from "../syntax.ts";

const cron = /^(node-cron|cron|node-schedule|croner|toad-scheduler)$/;

/** Timers that nobody will be there for: a turn ends with its handlers, and an instance sleeps between two packets. */
export function findTimers(examination: Examination): readonly Finding[] {
  return examination.app.files.flatMap((file) =>
    [...nodesOf(file)].flatMap((node) => {
      if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return [];
      const name = timerOf(node, examination);
      if (name === undefined || isLeftAlone(node)) return [];
      const isOfPacket = examination.runners.of(ownerOf(node)).size > 0;
      const message = isOfPacket
        ? `The timer ends with the packet that starts it, and a connection listener starts it again before each packet. ${remedyOf(name)}`
        : `No process is there for it: an instance sleeps between two packets, and there are several. ${remedyOf(name)}`;
      return [{ file: file.fileName, line: lineOf(node), pattern: "timer" as const, name, message }];
    }),
  );
}

const remedyOf = (name: string): string =>
  name === "setTimeout"
    ? "Let io.timer(name, handler) call the handler, and set it: timer.set(key, { in: ms })"
    : 'Let io.every(name, ms, handler) call it, once a period in the whole deployment, or with { while: "connected" }';

function timerOf(node: ts.CallExpression | ts.NewExpression, examination: Examination): string | undefined {
  const { names, runners } = examination;
  const called = ts.isIdentifier(bare(node.expression)) ? node.expression.getText() : undefined;
  const callback = node.arguments?.[0];
  const matters = () =>
    callback !== undefined &&
    codeOf(callback, examination).some(
      (code) => reachesClients(code, examination) || changesWhatIsKept(code, examination),
    );
  if (called === "setInterval" && matters()) return "setInterval";
  if (called === "setTimeout" && runners.of(ownerOf(node)).size > 0 && !isPause(node) && matters())
    return "setTimeout";
  const isCron =
    (ts.isNewExpression(node) || /^(schedule|scheduleJob|job)$/.test(methodOf(node) ?? "")) &&
    cron.test(names.packageOf(node.expression) ?? "");
  return isCron ? node.expression.getText() : undefined;
}

/** The code of a callback, by whatever name. */
function codeOf(callback: ts.Expression, { names }: Examination): readonly ts.Node[] {
  const found = names.functionOf(callback);
  return found ? [found] : [];
}

/** `new Promise((resolve) => setTimeout(resolve, ms))`, which somebody awaits. */
function isPause(node: ts.Node): boolean {
  for (let at = node.parent; at !== undefined && !ts.isSourceFile(at); at = at.parent) {
    if (ts.isNewExpression(at) && at.expression.getText() === "Promise") return true;
  }
  return false;
}
