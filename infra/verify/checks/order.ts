import type { Check } from "../check.ts";
import { judge, percentile } from "../outcome.ts";

interface Arrivals {
  readonly received: number;
  readonly inversions: number;
}

const BURST = 200;
const POSTS = 20;
const ECHOES = 50;
/** docs/semantics.md: some tens of frames a second to one client. */
const LEAST_FRAMES_PER_SECOND = 20;

const inbound: Check = {
  id: "order-in",
  title: "frames sent back to back on one connection",
  assumption: "their handlers begin in the order in which they were sent, once each",
  usedIn: ["docs/semantics.md", "infra/routes.yml", "lib/engine/inbox/inbox.ts"],
  needs: ["app", "fifo"],
  async run(stage) {
    const { frames } = stage.options;
    const peer = await stage.join();
    const startedAt = performance.now();
    for (let number = 0; number < frames; number += 1) peer.emit("count", number);
    // Each frame is a turn that stores what it has counted; the last one may be behind a long queue.
    const patienceMs = stage.limits.patienceMs + frames * 60;
    const { value } = await peer.askFor(patienceMs, "counted");
    let { received, inversions } = value as Arrivals;
    if (received < frames && inversions === 0) {
      // A frame behind the question is one more inversion, or lost.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      ({ received, inversions } = (await peer.askFor(patienceMs, "counted")).value as Arrivals);
    }
    const came = `${received} of ${frames} frames, ${inversions} of them behind a later one`;
    return judge(received === frames && inversions === 0, came, {
      inversions,
      "frames/s in": Math.round((frames * 1000) / (performance.now() - startedAt)),
    });
  },
};

const outbound: Check = {
  id: "order-out",
  title: "posts to one connection, each after the answer to the one before",
  assumption: "the client gets them in that order, each once",
  usedIn: ["docs/semantics.md", "lib/engine/outbound/outbound.ts"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    peer.emit("burst", BURST);
    const numbers: number[] = [];
    const startedAt = performance.now();
    while (numbers.length < BURST) {
      const event = await peer.event("burst").catch(() => undefined);
      if (event === undefined) break;
      numbers.push(Number(event[0]));
    }
    const inversions = numbers.filter((number, index) => number < (numbers[index - 1] ?? 0)).length;
    const missing = BURST - new Set(numbers).size;
    return judge(
      inversions === 0 && missing === 0,
      `${numbers.length} of ${BURST} frames, ${inversions} of them behind a later one`,
      { "frames/s out": Math.round((numbers.length * 1000) / (performance.now() - startedAt)) },
    );
  },
};

const pace: Check = {
  id: "pace",
  title: "how fast one connection takes posts",
  assumption: `at least ${LEAST_FRAMES_PER_SECOND} a second`,
  usedIn: ["docs/semantics.md"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    const tookMs = (await peer.ask("post", POSTS)) as number[];
    const rate = Math.round((tookMs.length * 1000) / tookMs.reduce((sum, ms) => sum + ms, 0));
    const p50 = percentile(tookMs, 0.5);
    return judge(rate >= LEAST_FRAMES_PER_SECOND, `${rate} a second, one takes ${p50} ms (p50)`, {
      "posts/s": rate,
      "post p50 ms": p50,
      "post p95 ms": percentile(tookMs, 0.95),
    });
  },
};

const echo: Check = {
  id: "echo",
  title: "an event and its acknowledgement",
  assumption: "answered within a second, 19 times of 20",
  usedIn: ["README.md"],
  needs: ["app"],
  async run(stage) {
    const peer = await stage.join();
    const tookMs: number[] = [];
    for (let n = 0; n < ECHOES; n += 1) {
      const startedAt = performance.now();
      const { atMs } = await peer.askFor(undefined, "echo", n);
      tookMs.push(atMs - startedAt);
    }
    const [p50, p95] = [percentile(tookMs, 0.5), percentile(tookMs, 0.95)];
    return judge(p95 <= stage.limits.echoMs, `p50 ${p50} ms, p95 ${p95} ms`, {
      "echo p50 ms": p50,
      "echo p95 ms": p95,
    });
  },
};

export const orderChecks: readonly Check[] = [inbound, outbound, pace, echo];
