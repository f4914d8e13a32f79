import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { eventually } from "../support/waiting.ts";

/** As many executions as a new account may have left, each held by a client that does nothing. */
const EXECUTIONS = 6;
/** A GET is held for 20 s by default, and not before its session is 10 s old. */
const OLD_ENOUGH_MS = 10_000;
/** Far less than a hold: beside polls that are held to their end, ten seconds and more were seen. */
const PATIENCE_MS = 7_000;

let runtime: LocalRuntime;
const idlers: Idler[] = [];

/** Polls, and says nothing. */
class Idler {
  readonly openedAtMs = Date.now();
  #isStopped = false;
  readonly #stop = new AbortController();
  gets = 0;

  async run(): Promise<void> {
    const sid = await handshake();
    const { signal } = this.#stop;
    while (!this.#isStopped) {
      this.gets++;
      const answer = await fetch(`${runtime.url}/socket.io/?EIO=4&transport=polling&sid=${sid}`, { signal });
      expect(answer.status).toBe(200);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#stop.abort();
  }
}

async function handshake(): Promise<string> {
  const opened = await fetch(`${runtime.url}/socket.io/?EIO=4&transport=polling`);
  const [, sid = ""] = /^0\{"sid":"([^"]+)"/.exec(await opened.text()) ?? [];
  expect(sid).not.toBe("");
  return sid;
}

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/bare-api.ts", {
    instances: EXECUTIONS,
    maxInstances: EXECUTIONS,
    log: () => undefined,
  });
}, 60_000);

afterAll(() => runtime.stop());

describe("where every execution holds a poll that waits for nothing", () => {
  it("a stranger is let in before any of them has ended by itself", async () => {
    const polls = Array.from({ length: EXECUTIONS }, () => {
      const idler = new Idler();
      idlers.push(idler);
      return idler.run().catch((error: unknown) => {
        if ((error as Error).name !== "AbortError") throw error;
      });
    });
    try {
      await eventually(
        () => idlers.every(({ openedAtMs, gets }) => gets > 1 && Date.now() - openedAtMs > 2 * OLD_ENOUGH_MS),
        () =>
          `expected everybody to poll for a while, got ${JSON.stringify(idlers.map(({ gets }) => gets))} GETs`,
        120_000,
      );
      const askedAtMs = Date.now();
      await handshake();
      const waitedMs = Date.now() - askedAtMs;
      say(`let in after ${waitedMs} ms beside ${EXECUTIONS} polls on ${EXECUTIONS} executions`);
      expect(waitedMs).toBeLessThan(PATIENCE_MS);
    } finally {
      for (const idler of idlers) idler.stop();
      await Promise.all(polls);
    }
  }, 180_000);
});
