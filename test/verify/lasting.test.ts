import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { lastingChecks } from "../../infra/verify/checks/lasting.ts";
import { runChecks } from "../../infra/verify/runner.ts";
import { awsLimits, Stage } from "../../infra/verify/stage.ts";

/** A tenth of a second stands for the ten minutes after which a connection is idle. */
const limits = { ...awsLimits, patienceMs: 2_000, idleMs: 100, ageMs: [100, 400] as const };

let server: WebSocketServer | undefined;

afterEach(() => {
  for (const client of server?.clients ?? []) client.terminate();
  server?.close();
});

/** A server that lets everybody in, and does to the clients after the first, which only looks, what is to be seen. */
async function startServer(pingInterval: number, act: (socket: WebSocket) => void): Promise<Stage> {
  const started = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  server = started;
  let connections = 0;
  started.on("connection", (socket) => {
    const isFirst = connections === 0;
    connections += 1;
    socket.send(JSON.stringify({ sid: "AAAA", pingInterval }).replace(/^/, "0"));
    socket.on("message", (data: Buffer) => {
      const text = data.toString("utf8");
      const ack = /^42\/nonsticky-verify,(\d+)\["about"/.exec(text);
      if (ack !== null) socket.send(`43/nonsticky-verify,${ack[1]}[{"ordering":"fifo"}]`);
      if (!text.startsWith("40")) return;
      socket.send('40/nonsticky-verify,{"sid":"BBBB"}');
      if (!isFirst) act(socket);
    });
  });
  await once(started, "listening");
  const { port } = started.address() as AddressInfo;
  return new Stage({
    url: `ws://127.0.0.1:${port}/dev`,
    path: "/socket.io",
    token: "a token for the test",
    long: true,
    frames: 1,
    waiters: 1,
    limits,
  });
}

async function verify(id: string, stage: Stage): Promise<unknown> {
  const [finding] = await runChecks(
    lastingChecks.filter((check) => check.id === id),
    stage,
  );
  return finding?.outcome;
}

describe("a connection that is kept open by noops", () => {
  it("is as assumed when it is open after three idle times", async () => {
    const stage = await startServer(1_000, (socket) => socket.send("6"));

    expect(await verify("noops", stage)).toEqual({
      verdict: "as assumed",
      came: "open after 0 min; frames since: 6",
    });
  });

  it("is different when it is closed before", async () => {
    const stage = await startServer(1_000, (socket) => setTimeout(() => socket.close(1001), 100));

    expect(await verify("noops", stage)).toEqual({
      verdict: "DIFFERENT",
      came: "close 1001, Going away after 0 min",
    });
  });

  it("cannot be seen where pings come more often", async () => {
    const stage = await startServer(50, () => undefined);

    expect(await verify("noops", stage)).toMatchObject({
      verdict: "not checked",
      why: expect.stringMatching(/deploy one with heartbeat=economy$/) as unknown,
    });
  });
});

describe("the end of a connection that lasts", () => {
  it.each([
    { title: "the server closes it in time", code: 1000, afterMs: 200, verdict: "as assumed" },
    { title: "API Gateway closes it", code: 1001, afterMs: 200, verdict: "DIFFERENT" },
    { title: "it is closed early", code: 1000, afterMs: 0, verdict: "DIFFERENT" },
    { title: "nobody closes it", code: 1000, afterMs: 5_000, verdict: "DIFFERENT" },
  ])("is $verdict when $title", async ({ code, afterMs, verdict }) => {
    const stage = await startServer(1_000, (socket) => {
      setTimeout(() => socket.close(code), afterMs).unref();
    });

    expect(await verify("age", stage)).toMatchObject({ verdict });
  });
});
