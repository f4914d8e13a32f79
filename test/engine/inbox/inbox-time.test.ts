import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { forbidRelease } from "../../support/asking.ts";
import type { Batch } from "../../support/fifo-mailbox.ts";
import { PollClient } from "../../support/poll-client.ts";
import { createGate, Rig } from "../../support/rig.ts";

type Answer = (...args: unknown[]) => void;

/** A flood of one client and one event of somebody else, in one batch. */
async function build({
  events = 1_000,
  handler = (): unknown => undefined,
  isReleasable = true,
}: { events?: number; handler?: (io: Server) => unknown; isReleasable?: boolean } = {}) {
  const ran = { flood: 0, atEcho: -1 };
  const left: string[] = [];
  const rig = new Rig((io) => {
    io.on("connection", (socket) => {
      socket.on("flood", () => {
        ran.flood += 1;
        return handler(io);
      });
      socket.on("echo", (ack: Answer) => {
        ran.atEcho = ran.flood;
        ack();
      });
      socket.on("disconnect", (reason) => left.push(`${socket.id} ${reason}`));
    });
  });
  const client = await PollClient.open(rig);
  const id = await client.join();
  const bystander = await rig.connect();
  await rig.advance(10_000);
  await client.post(Array.from({ length: events }, () => '42["flood"]').join("\x1e"));
  bystander.write('421["echo"]');
  if (!isReleasable) forbidRelease(rig);
  const batch: Batch = rig.mailbox.take()!;
  return { rig, client, id, bystander, batch, ran, left };
}

/** From now on it is a millisecond later whenever anybody looks at the clock. */
function letTimePass({ clock }: Rig): void {
  const nowMs = clock.nowMs.bind(clock);
  let passedMs = 0;
  clock.nowMs = () => nowMs() + (passedMs += 1);
}

describe("while a POST of many events runs", () => {
  it("timers fire and sockets are read, again and again", async () => {
    const { rig, batch, ran } = await build();
    letTimePass(rig);
    const seen: number[] = [];
    const look = () => {
      if (ran.flood === 1_000) return;
      seen.push(ran.flood);
      setTimeout(look, 0);
    };
    look();

    await rig.instances[0]!.inbox.receive(batch);

    expect(ran.flood).toBe(1_000);
    expect(new Set(seen).size).toBeGreaterThan(10);
  });

  it("an event of somebody else in its batch does not wait for it, nor does its letter", async () => {
    const { rig, batch, bystander, ran } = await build();
    letTimePass(rig);
    let atRelease = -1;
    const { release } = rig.mailbox;
    rig.mailbox.release = (receipts) => {
      if (atRelease < 0) atRelease = ran.flood;
      return release.call(rig.mailbox, receipts);
    };
    const waking = setInterval(() => void rig.clock.advance(25), 0);

    await rig.instances[0]!.inbox.receive(batch);
    clearInterval(waking);

    expect(bystander.received.at(-1)).toBe("431[]");
    expect(ran.atEcho).toBeLessThan(100);
    expect(atRelease).toBeGreaterThan(-1);
    expect(atRelease).toBeLessThan(1_000);
    expect(rig.mailbox.released).toContain(batch.find(({ letter }) => letter.sid === bystander.sid)!.receipt);
  });
});

describe("before its invocation ends", () => {
  it("a POST that would take longer is cut off and its session ended, and nothing is handed over again", async () => {
    const { rig, batch, id, bystander, ran, left } = await build({ events: 10_000 });
    letTimePass(rig);

    const failed = await rig.instances[0]!.inbox.receive(batch, rig.clock.nowMs() + 8_000);
    rig.mailbox.finish(batch, failed);
    await rig.settle();

    expect(failed).toEqual([]);
    expect(ran.flood).toBeGreaterThan(100);
    expect(ran.flood).toBeLessThan(10_000);
    expect(rig.logged("core.slow_payload")).toHaveLength(1);
    expect(left).toEqual([`${id} transport error`]);
    expect(bystander.received.at(-1)).toBe("431[]");
    expect(bystander.isClosed).toBe(false);
  });

  it("a letter that is not done is handed back, it alone, and its session ends when it comes again", async () => {
    const never = createGate();
    const { rig, batch, client, id, bystander, left } = await build({
      events: 3,
      handler: () => never.passed,
      isReleasable: false,
    });

    const receiving = rig.instances[0]!.inbox.receive(batch, rig.clock.nowMs() + 30_000);
    await rig.clock.advance(29_000);
    const failed = await receiving;
    rig.mailbox.finish(batch, failed);
    await rig.redeliver();

    expect(failed).toEqual(
      batch.flatMap(({ letter, id: ofIt }) => (letter.sid === client.sid ? [ofIt] : [])),
    );
    expect(rig.logged("core.out_of_time")).toMatchObject([{ level: "warn", kind: "payload" }]);
    expect(rig.logged("core.redelivered_frame")).toHaveLength(1);
    expect(left).toEqual([`${id} transport error`]);
    expect(bystander.received.at(-1)).toBe("431[]");
    expect(bystander.isClosed).toBe(false);
  });

  it("a handler that was cut off sends nothing any more", async () => {
    const gate = createGate();
    const { rig, batch, bystander } = await build({
      events: 1,
      handler: async (io) => {
        await gate.passed;
        io.emit("late");
      },
      isReleasable: false,
    });
    const receiving = rig.instances[0]!.inbox.receive(batch, rig.clock.nowMs() + 30_000);
    await rig.clock.advance(29_000);
    rig.mailbox.finish(batch, await receiving);

    gate.open();
    await rig.settle();

    expect(bystander.received.filter((frame) => frame.includes("late"))).toEqual([]);
  });

  it("nothing is handed back of an invocation that ends in time", async () => {
    const gate = createGate();
    const { rig, batch } = await build({ events: 1, handler: () => gate.passed, isReleasable: false });
    const receiving = rig.instances[0]!.inbox.receive(batch, rig.clock.nowMs() + 30_000);
    await rig.clock.advance(28_000);

    gate.open();

    expect(await receiving).toEqual([]);
    expect(rig.logged("core.out_of_time")).toEqual([]);
  });
});
