import type { Check } from "../check.ts";
import { judge, percentile } from "../outcome.ts";

/** Long enough for a cold start of the instance that takes the acknowledgement. */
const BLOCK_MS = 3_000;
const HOLD_MS = 4_000;
/** A handler is released 25 ms after its effects are done; then Lambda has to fetch what waits. */
const SETTLE_MS = 500;
const RAMP_HOLD_MS = 3_000;

const ackLane: Check = {
  id: "ack-lane",
  title: "string methods of the template: an acknowledgement while the session's main lane is busy",
  assumption: "`43…` goes into a group of its own and reaches the handler that waits for it at once",
  usedIn: ["infra/letter.yml", "docs/decisions/0017-acks-in-groups-of-their-own.md"],
  needs: ["app", "fifo"],
  async run(stage) {
    const peer = await stage.join();
    const asked = peer.ask("ask");
    const answer = await peer.question("question");
    const blocked = peer.ask("block", BLOCK_MS).then(() => undefined);
    // Without early release it waits for the handler that asks, which keeps the lane as well.
    await peer.event("blocking", SETTLE_MS * 6).catch(() => undefined);
    const answeredAt = performance.now();
    answer("here");
    const first = await Promise.race([asked, blocked]).finally(() => {
      for (const other of [asked, blocked]) other.catch(() => undefined);
    });
    const tookMs = Math.round(performance.now() - answeredAt);
    if (first === undefined)
      return judge(false, `the handler still waits when the lane is free after ${tookMs} ms`);
    const got = (first as { answer?: unknown }).answer === "here";
    const came = got ? "the answer was there" : "the handler had given up";
    return judge(got, `${came} after ${tookMs} ms; the lane was busy for ${BLOCK_MS} ms`, {
      "ack through busy lane ms": tookMs,
    });
  },
};

const release: Check = {
  id: "early-release",
  title: "a group's next batch while the invocation that deleted its messages still runs",
  assumption: "it starts at once, on another instance",
  usedIn: ["lib/engine/inbox/early-release.ts", "docs/semantics.md"],
  needs: ["app", "fifo"],
  async run(stage) {
    const peer = await stage.join();
    peer.emit("hold", HOLD_MS);
    const [{ instance }] = (await peer.event("holding")) as [{ instance: string }];
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const startedAt = performance.now();
    const about = (await peer.ask("about")) as { instance: string };
    const tookMs = Math.round(performance.now() - startedAt);
    const isEarly = tookMs < HOLD_MS - SETTLE_MS - 500;
    const where = about.instance === instance ? "the same instance" : "another instance";
    return judge(
      isEarly && about.instance !== instance,
      `the next frame was answered after ${tookMs} ms by ${where}, the handler before it took ${HOLD_MS} ms`,
      { "next batch ms": tookMs },
    );
  },
};

const ramp: Check = {
  id: "ramp",
  title: "many sessions whose handlers wait at once",
  assumption: "all have begun within 10 s: Lambda starts enough instances for the groups of the queue",
  usedIn: ["docs/semantics.md", "infra/mailbox.yml"],
  needs: ["app", "fifo"],
  async run(stage) {
    const { rampMs } = stage.limits;
    const { waiters } = stage.options;
    const peers = await Promise.all(Array.from({ length: waiters }, () => stage.join()));
    const startedAt = performance.now();
    const ended: Promise<unknown>[] = [];
    const begun = await Promise.all(
      peers.map(async (peer) => {
        ended.push(peer.askFor(rampMs * 2 + RAMP_HOLD_MS, "hold", RAMP_HOLD_MS).catch(() => undefined));
        const isHolding = ({ text }: { readonly text: string }) => text.includes('["holding"');
        const frame = await peer.wire.next(isHolding, rampMs * 2).catch(() => undefined);
        return frame && frame.atMs - startedAt;
      }),
    );
    // What still waits would be in the way of the next check.
    await Promise.all(ended);
    const times = begun.filter((ms) => ms !== undefined);
    const worst = percentile(times, 1);
    return judge(
      times.length === waiters && worst <= rampMs,
      `${times.length} of ${waiters} had begun, the last after ${worst} ms`,
      { "waiting p50 ms": percentile(times, 0.5), "waiting p95 ms": percentile(times, 0.95) },
    );
  },
};

export const laneChecks: readonly Check[] = [ackLane, release, ramp];
