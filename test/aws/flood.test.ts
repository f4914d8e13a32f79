import type { SQSBatchResponse } from "aws-lambda";
import { describe, expect, it } from "vitest";
import { createInboxHandler } from "../../lib/aws/inbox-handler.ts";
import { encodeLetter } from "../../lib/aws/letters.ts";
import { systemClock } from "../../lib/clock.ts";
import { Runtime } from "../../lib/engine/runtime.ts";
import type { Delivery } from "../../lib/engine/letter.ts";
import { Server } from "../../lib/socketio/server.ts";
import { PollClient } from "../support/poll-client.ts";
import { Rig } from "../support/rig.ts";
import { queueEvent } from "./events.ts";

type Answer = (...args: unknown[]) => void;

const BYSTANDERS = 8;

/** Keeps the CPU of everybody for a while, as the handlers of a real app do. */
function work(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

/** The app on a real clock, behind the handler that Lambda calls, with a flood of one client and eight others in one batch. */
async function build({ posts, events, workMs }: { posts: number; events: number; workMs: number }) {
  const left: string[] = [];
  const install = (io: Server) => {
    io.on("connection", (socket) => {
      socket.on("flood", () => work(workMs));
      socket.on("echo", (ack: Answer) => ack());
      socket.on("disconnect", (reason) => left.push(`${socket.id} ${reason}`));
    });
  };
  const rig = new Rig(install);
  const offender = await PollClient.open(rig);
  const id = await offender.join();
  const bystanders = await Promise.all(Array.from({ length: BYSTANDERS }, () => rig.connect()));
  const io = new Server({ replayDigest: false });
  install(io);
  const runtime = new Runtime({ ...rig.instances[0]!.runtime, clock: systemClock, isOrdered: true });
  io.engine.bind(runtime);
  const handler = createInboxHandler(runtime, io.engine);
  const body = Array.from({ length: events }, () => '42["flood"]').join("\x1e");
  for (let n = 0; n < posts; n += 1) await offender.post(body);
  for (const client of bystanders) client.write('421["echo"]');
  rig.mailbox.batchSize = posts + BYSTANDERS;
  const batch = rig.mailbox.take()!;
  const invoke = async (remainingMs: number): Promise<readonly string[]> => {
    const endsAtMs = Date.now() + remainingMs;
    const context = { getRemainingTimeInMillis: () => endsAtMs - Date.now() };
    const result = (await handler(queueEvent(...batch.map(toRecord)), context)) as SQSBatchResponse;
    const failed = result.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(Date.now()).toBeLessThan(endsAtMs);
    rig.mailbox.finish(batch, failed);
    return failed;
  };
  return { rig, id, bystanders, invoke, left, offender };
}

const toRecord = ({ letter, id }: Delivery) => ({
  id,
  body:
    letter.kind === "frame"
      ? `MESSAGE,${letter.sid},${letter.connectionId},${letter.atMs},${Buffer.from(letter.text).toString("base64")}`
      : encodeLetter(letter),
});

describe("an instance that a client floods", () => {
  it("runs three POSTs of 6,000 events, and everybody else of the batch is answered", async () => {
    const { rig, bystanders, invoke, left } = await build({ posts: 3, events: 6_000, workMs: 0 });

    const failed = await invoke(60_000);
    await rig.settle();

    expect(failed).toEqual([]);
    expect(bystanders.map(({ received }) => received.at(-1))).toEqual(bystanders.map(() => "431[]"));
    expect(left).toEqual([]);
  }, 90_000);

  it("cuts a flood short that would take longer than its invocation, and nobody else's session ends", async () => {
    const { rig, id, bystanders, invoke, left, offender } = await build({
      posts: 3,
      events: 6_000,
      workMs: 1,
    });

    const failed = await invoke(6_000);
    await rig.settle();

    expect(failed).toEqual([]);
    expect(rig.logged("core.slow_payload")).toHaveLength(1);
    expect(bystanders.map(({ received }) => received.at(-1))).toEqual(bystanders.map(() => "431[]"));
    expect(bystanders.filter(({ isClosed }) => isClosed)).toEqual([]);
    const ended = rig.mailbox.sent.flatMap((letter) => (letter.kind === "closed" ? [letter.sid] : []));
    expect(new Set(ended)).toEqual(new Set([offender.sid]));
    expect(left).toEqual([`${id} transport error`]);
  }, 90_000);
});
