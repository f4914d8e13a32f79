import type { Transport } from "../../lib/engine/transport.ts";
import { noMetrics } from "../../lib/metrics.ts";
import { Runtime } from "../../lib/engine/runtime.ts";
import type { FanOut } from "../../lib/engine/fan-out.ts";
import type { Store } from "../../lib/state/store.ts";
import { sendPart } from "../../lib/socketio/rooms/broadcast-part.ts";
import { assumed } from "./assumed.ts";
import { drawMs } from "./seeded.ts";
import type { VirtualTime } from "./virtual-time.ts";

export interface Usage {
  posts: number;
  refused: number;
  invocations: number;
  gbSeconds: number;
  readUnits: number;
  writeUnits: number;
}

/** The bucket of the account: what is in it, and how fast it is filled. */
export class Bucket {
  readonly #time: VirtualTime;
  readonly #rate: number;
  readonly #size: number;
  #left: number;
  #atMs: number;

  constructor(time: VirtualTime, rate: number = assumed.quota, size: number = assumed.burst) {
    this.#time = time;
    this.#rate = rate;
    this.#size = size;
    this.#left = size;
    this.#atMs = time.nowMs();
  }

  take(): boolean {
    const nowMs = this.#time.nowMs();
    this.#left = Math.min(this.#size, this.#left + ((nowMs - this.#atMs) / 1_000) * this.#rate);
    this.#atMs = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

export interface PlatformOptions {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly store: Store;
  readonly bucket: Bucket;
  readonly usage: Usage;
  /** Of a post, in whichever process. Default: as of a recipient in a function of 1 GB. */
  readonly cpuMsOfPost?: number;
  /** Hears of each frame that a client gets. */
  readonly onDelivered: (connectionId: string) => void;
}

/** Lambda and API Gateway, as far as who broadcasts meets them: each invocation has a runtime of its own. */
export class Platform {
  readonly #options: PlatformOptions;
  /** Environments of the fan-out function that have been used. */
  #warm = 0;

  constructor(options: PlatformOptions) {
    this.#options = options;
  }

  createRuntime(fanOut?: FanOut): Runtime {
    const { time, store } = this.#options;
    const nothing = () => undefined;
    return new Runtime({
      store,
      transport: this.#createTransport(),
      mailbox: { send: () => Promise.resolve(), release: () => Promise.resolve() },
      clock: time,
      logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
      metrics: noMetrics,
      isOrdered: true,
      fanOut,
    });
  }

  /** An invocation: how long it takes is paid for. */
  async invoke<T>(task: () => Promise<T>): Promise<T> {
    const { time, usage } = this.#options;
    const sinceMs = time.nowMs();
    usage.invocations += 1;
    try {
      return await task();
    } finally {
      usage.gbSeconds += (time.nowMs() - sinceMs) / 1_000;
    }
  }

  createFanOut(): FanOut {
    const { time, random } = this.#options;
    return {
      send: async (part) => {
        const isWarm = this.#warm > 0;
        if (isWarm) this.#warm -= 1;
        await time.sleep(drawMs(random, isWarm ? assumed.warmStartMs : assumed.coldStartMs));
        const tally = await this.invoke(() => sendPart(this.createRuntime(), part));
        this.#warm += 1;
        return tally;
      },
    };
  }

  /** Of one process, whose CPU signs one post after the other. */
  #createTransport(): Transport {
    const { time, random, bucket, usage, onDelivered, cpuMsOfPost = assumed.cpuMsOfPost } = this.#options;
    let freeMs = 0;
    return {
      post: async (connectionId) => {
        freeMs = Math.max(freeMs, time.nowMs()) + cpuMsOfPost;
        if (freeMs > time.nowMs() + 1) await time.sleep(freeMs - time.nowMs());
        if (!bucket.take()) {
          usage.refused += 1;
          await time.sleep(drawMs(random, assumed.refusalMs));
          return "busy";
        }
        usage.posts += 1;
        await time.sleep(drawMs(random, assumed.postMs));
        onDelivered(connectionId);
        return "sent";
      },
      close: () => Promise.resolve("closed"),
    };
  }
}
