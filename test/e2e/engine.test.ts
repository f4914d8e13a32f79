import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { HttpSocket } from "../conformance/http-socket.ts";
import { startOurs } from "../support/our-server.ts";

const ANSWER_MS = 10_000;

let runtime: LocalRuntime;

beforeAll(async () => {
  runtime = await startOurs(import.meta.url, "./apps/greeting-engine.ts", {
    instances: 2,
    antiAffinity: true,
  });
}, 60_000);

afterAll(() => runtime.stop());

/** Polls, as a client that has the packets of each answer, noops aside. */
async function openPolling() {
  const ask = async (query: string, body?: string): Promise<string> => {
    const url = `${runtime.url}/socket.io/?EIO=4&transport=polling${query}`;
    const answer = await fetch(url, body === undefined ? {} : { method: "POST", body });
    return answer.text();
  };
  const { sid } = JSON.parse((await ask("")).slice(1)) as { sid: string };
  return {
    sid,
    say: (packet: string) => ask(`&sid=${sid}`, packet),
    async hear(): Promise<readonly string[]> {
      const untilMs = Date.now() + ANSWER_MS;
      while (Date.now() < untilMs) {
        const packets = (await ask(`&sid=${sid}`)).split("\x1e").filter((packet) => packet !== "6");
        if (packets.length > 0) return packets;
      }
      return [];
    },
  };
}

describe("an engine app on the local runtime", () => {
  it("greets a client that polls, once and first, and answers it", async () => {
    const client = await openPolling();

    const greeting = await client.hear();
    await client.say("4hello");
    const answer = await client.hear();

    expect([greeting, answer]).toEqual([["4welcome"], ["4hello"]]);
  });

  it("greets a client on a WebSocket, behind OPEN, answers it, and closes it", async () => {
    const socket = await new HttpSocket(runtime.url, {}).opened();
    const open = await socket.frame();
    const greeting = await socket.frame();

    socket.send("4hello");
    const answer = await socket.frame();
    socket.send("4leave");

    expect([open.slice(0, 8), greeting, answer]).toEqual(['0{"sid":', "4welcome", "4hello"]);
    expect(await socket.ended()).toBe("closed 1000");
  });

  it("does not greet a client again that moves to a WebSocket", async () => {
    const client = await openPolling();
    const greeting = await client.hear();
    const socket = await new HttpSocket(runtime.url, { sid: client.sid }).opened();

    socket.send("2probe");
    const probed = await socket.frame();
    socket.send("5", "4hello");
    const answer = await socket.frame();
    socket.hangUp();

    expect([greeting, probed, answer]).toEqual([["4welcome"], "3probe", "4hello"]);
  });
});
