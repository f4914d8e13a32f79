import type { Sid } from "../../ids.ts";
import type { Responses } from "./ack-callback.ts";
import { Question } from "./ack-question.ts";
import { listAudience, type Audience, type Listed } from "./audience.ts";
import type { EmitFlags } from "./broadcast.ts";
import { deliver } from "./deliver.ts";
import { isKicked } from "./kicked.ts";
import { encodeQuestion } from "./ack-question.ts";
import { toSeen } from "./publish.ts";
import type { RoomPorts } from "./room-ports.ts";
import type { Session } from "../../engine/session.ts";
import type { Turn } from "../../engine/turn.ts";

/** Rows of one batch: so many are asked at once. */
const ASKED_AT_ONCE = 25;

/** A question made ready: calling it sends the event, and resolves when answers are in or time is up. */
export type Ask<T> = () => Promise<T>;

/**
 * An event for a session's own client, whose answer is waited for. Rejects when there is none in time. Throws at once,
 * with nothing sent, where `emit` does.
 */
export function askSession(
  internals: RoomPorts,
  session: Session,
  turn: Turn,
  nsp: string,
  [event, ...args]: readonly [string, ...unknown[]],
  flags: EmitFlags & { readonly timeout: number },
): Ask<readonly unknown[]> {
  const { runtime, codec } = internals;
  const question = new Question(runtime, codec, nsp, turn, flags.timeout);
  const frames = encodeQuestion(codec, nsp, event, args, question.id);
  return async () => {
    // Nothing is sent to it, so there is nothing to wait for: in a handler of `disconnect`, say.
    if (!session.alive) throw question.toError();
    const asked = turn.order(() => question.expect([session.sid]));
    session.sendFrames(turn, frames.in(session.record.protocol), flags.volatile);
    await asked;
    const { answers } = await question.answers();
    const [answer] = answers;
    if (answer === undefined) throw question.toError();
    return answer;
  };
}

/**
 * The same to everybody in an audience. Those who have answered are in `responses` of the error, if others have not.
 * `toResponse`: what of an answer counts, by default its first argument.
 */
export function askAudience(
  internals: RoomPorts,
  turn: Turn,
  audience: Audience,
  [event, ...args]: readonly [string, ...unknown[]],
  flags: EmitFlags & { readonly timeout: number },
  toResponse: (answer: readonly unknown[]) => unknown = ([first]) => first,
): Ask<Responses> {
  const { runtime, codec } = internals;
  const question = new Question(runtime, codec, audience.nsp, turn, flags.timeout);
  const frames = encodeQuestion(codec, audience.nsp, event, args, question.id);
  const { observer } = internals;
  const seen = observer?.mayBeWatched ? toSeen([event, ...args]) : undefined;
  const send = async (asked: readonly Listed[]) => {
    await question.expect(asked.map(({ member }) => member.sid));
    for (const listed of asked) {
      const delivered = deliver(runtime, turn, audience.nsp, listed, frames, flags.volatile ?? false);
      const { socketId } = listed.member;
      if (seen) observer?.observe(turn, { kind: "sent", nsp: audience.nsp, socketId, args: seen });
      turn.track(delivered.then((outcome) => forgetUnreached(question, listed.member.sid, outcome)));
    }
  };
  const sendToAll = async () => {
    let next: Listed[] = [];
    for await (const page of listAudience(runtime.store, audience)) {
      for (const listed of page) {
        if (isKicked(turn, listed.member.socketId)) continue;
        next.push(listed);
        if (next.length < ASKED_AT_ONCE) continue;
        await send(next);
        next = [];
      }
    }
    await send(next);
  };
  return async () => {
    await turn.order(sendToAll);
    const { answers, missing } = await question.answers();
    const responses = answers.map(toResponse);
    if (missing > 0) throw Object.assign(question.toError(), { responses });
    return responses;
  };
}

/** The others are waited for: an ordinary server, too, has only those that are connected. */
function forgetUnreached(question: Question, sid: Sid, outcome: string): void {
  if (outcome !== "delivered") question.forget(sid);
}
