import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { startStack, type LocalOptions, type LocalRuntime } from "../../infra/local/local.ts";
import type { Topology } from "../../infra/local/topology.ts";
import { eventually } from "../support/waiting.ts";
import { connect, type TestClient } from "./fixtures/client.ts";
import { createLog } from "./fixtures/log.ts";
import { topology } from "./fixtures/topology.ts";

const app = fileURLToPath(new URL("fixtures/app.ts", import.meta.url));
let runtime: LocalRuntime | undefined;

afterEach(async () => {
  await runtime?.stop();
  runtime = undefined;
});

async function start(
  options: Omit<LocalOptions, "app"> = {},
  stack: Topology = topology,
): Promise<LocalRuntime> {
  runtime = await startStack(stack, { app, log: () => {}, ...options });
  return runtime;
}

async function open({ url }: LocalRuntime): Promise<TestClient> {
  const client = await connect(`${url}/dev`);
  expect(await client.next()).toBe("open");
  return client;
}

async function ask(client: TestClient, frame: string): Promise<string> {
  client.socket.send(frame);
  return client.next();
}

const pidsOf = ({ instances }: LocalRuntime, name: string) =>
  instances()
    .filter(({ functionName }) => functionName === name)
    .map(({ pid }) => pid);

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** As proc(5) has it: `T` is stopped. */
const stateOf = (pid: number): string => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1] ?? "";

describe("instances", () => {
  it("are warm processes of their own, reused one event after another, with an environment of their own", async () => {
    const own = await start({ instances: 1, env: { EXTRA: "yes" } });
    expect(own.instances().map(({ functionName }) => functionName)).toEqual([
      "connect",
      "inbox",
      "heartbeat",
    ]);
    const client = await open(own);

    const [pid, served] = (await ask(client, "pid")).split(" ").map(Number);

    expect(pidsOf(own, "inbox")).toEqual([pid]);
    expect(pid).not.toBe(process.pid);
    expect(await ask(client, "pid")).toBe(`${pid} ${served! + 1}`);
    const env = JSON.parse(await ask(client, "env")) as Record<string, string>;
    expect(env).toMatchObject({
      EXTRA: "yes",
      AWS_REGION: "us-east-1",
      AWS_LAMBDA_FUNCTION_NAME: "fixture-dev-inbox",
      NONSTICKY_PATH: "/socket.io",
      NONSTICKY_TABLE: "table",
      NONSTICKY_CALLBACK_URL: `${own.url}/dev`,
      NONSTICKY_MAILBOX_URL: `${env["AWS_ENDPOINT_URL_SQS"]}/000000000000/mailbox.fifo`,
      AWS_ENDPOINT_URL_DYNAMODB: own.dynamodbEndpoint,
    });
    expect(env).not.toHaveProperty("VITEST");
  });

  it("serve other sessions while one is busy, on another process", async () => {
    const own = await start();
    const [slow, quick] = [await open(own), await open(own)];
    await own.idle();
    slow.socket.send("sleep 3000");
    await eventually(
      () => own.instances().some(({ functionName, busy }) => functionName === "inbox" && busy),
      () => "the slow frame was not taken",
    );

    const [pid] = (await ask(quick, "pid")).split(" ").map(Number);

    expect(pidsOf(own, "inbox")).toHaveLength(2);
    expect(own.stats().pidsBySid.size).toBe(2);
    expect(pidsOf(own, "inbox")).toContain(pid);
  });

  it("never serve a session twice in a row under anti-affinity", async () => {
    const own = await start({ antiAffinity: true });
    const client = await open(own);
    const pids: string[] = [];
    for (let index = 0; index < 20; index += 1) pids.push((await ask(client, "pid")).split(" ")[0]!);

    for (const [index, pid] of pids.entries()) if (index > 0) expect(pid).not.toBe(pids[index - 1]);
    expect([...own.stats().pidsBySid.values()][0]!.size).toBeGreaterThan(1);
  });

  it("get one message of a session per batch under anti-affinity, and keep its order", async () => {
    const own = await start({ antiAffinity: true });
    const client = await open(own);
    for (let index = 0; index < 30; index += 1) client.socket.send(`echo ${index}`);

    for (let index = 0; index < 30; index += 1) expect(await client.next()).toBe(String(index));
    // The first message was the connect.
    expect(own.stats().invocations["inbox"]).toBe(31);
  });

  it("are stopped between events when frozen, and serve none the less", async () => {
    const own = await start({ freeze: true });
    const client = await open(own);
    const [pid] = (await ask(client, "pid")).split(" ").map(Number);
    await own.idle();

    expect(stateOf(pid!)).toBe("T");
    expect((await ask(client, "pid")).split(" ")[0]).toBe(String(pid));
  });

  it("take their first event after the cold start they are given", async () => {
    const startedAtMs = performance.now();
    await start({ coldStartMs: [300, 301] });

    expect(performance.now() - startedAtMs).toBeGreaterThan(300);
    expect(runtime!.stats().coldStarts).toBe(3);
  });

  it.each([{ freeze: false }, { freeze: true }])("are gone after stop: %o", async (options) => {
    const own = await start({ ...options, instances: 2 });
    const pids = own.instances().map(({ pid }) => pid);
    expect(pids).toHaveLength(5);

    await own.stop();

    expect(pids.filter(isAlive)).toEqual([]);
    await expect(fetch(own.url)).rejects.toThrow();
    await expect(fetch(own.dynamodbEndpoint)).rejects.toThrow();
  });

  it("take new code on reload while connections stay", async () => {
    const own = await start();
    const client = await open(own);
    const before = pidsOf(own, "inbox");

    await own.reload();

    const [pid] = (await ask(client, "pid")).split(" ").map(Number);
    expect(before).not.toContain(pid);
    await eventually(
      () => before.every((old) => !isAlive(old)),
      () => "old instances are still there",
    );
  });
});

describe("messages of an instance that fails", () => {
  it("come again, in order, when it was killed", async () => {
    const own = await start({ redeliverAfterMs: 20 });
    const client = await open(own);
    for (const frame of ["exit-once 1", "echo 2", "echo 3"]) client.socket.send(frame);

    expect([await client.next(), await client.next(), await client.next()]).toEqual(["again 1", "2", "3"]);
    expect(own.stats().redeliveries).toBeGreaterThan(0);
  });

  it("come again when they were reported, and those behind them too", async () => {
    const own = await start({ redeliverAfterMs: 20 });
    const client = await open(own);
    for (const frame of ["fail-once 1", "echo 2"]) client.socket.send(frame);

    expect([await client.next(), await client.next()]).toEqual(["again 1", "2"]);
  });

  it("go to the dead letters after the third time, and others follow", async () => {
    const log = createLog();
    const own = await start({ redeliverAfterMs: 10, log: log.write });
    const client = await open(own);
    client.socket.send("throw");
    await eventually(
      () => own.stats().deadLetters === 1,
      () => "no dead letter",
    );

    expect(await ask(client, "echo next")).toBe("next");
    expect(log.lines.filter((line) => line.includes("threw: as asked"))).toHaveLength(3);
    await own.idle();
  });

  it("come again when it ran out of time", async () => {
    const log = createLog();
    const functions = topology.functions.map((spec) => ({ ...spec, timeoutSeconds: 0.5 }));
    const own = await start({ redeliverAfterMs: 10, log: log.write }, { ...topology, functions });
    const client = await open(own);
    client.socket.send("hang");

    expect(await log.waitFor("Task timed out")).toBe("inbox crashed: Task timed out after 0.50 seconds");
  });

  it("are not lost to those that a function deleted early: the next one runs beside it", async () => {
    const own = await start();
    const client = await open(own);
    client.socket.send("release first");
    expect(await client.next()).toBe("first");

    // The first handler goes on for a while; what its message blocked is free.
    client.socket.send("echo second");
    expect([await client.next(), await client.next()]).toEqual(["second", "first ended"]);
    await own.idle();
    expect(own.stats().redeliveries).toBe(0);
  });

  it("are all handled, each session's in order, while chaos kills", async () => {
    const own = await start({ chaos: 0.25, seed: 5, redeliverAfterMs: 10, instances: 2 });
    const clients: TestClient[] = [];
    while (clients.length < 3) {
      // The authorizer dies as well: a client tries again.
      const client = await connect(`${own.url}/dev`).catch(() => undefined);
      if (client !== undefined) clients.push(client);
    }
    const seen = clients.map(async (client) => {
      const got = new Set<string>();
      const firsts: string[] = [];
      for (let index = 0; index < 15; index += 1) client.socket.send(`echo ${index}`);
      while (firsts.length < 15) {
        const frame = await client.next();
        if (frame === "open" || got.has(frame)) continue;
        got.add(frame);
        firsts.push(frame);
      }
      return firsts;
    });

    const expected = Array.from({ length: 15 }, (_, index) => String(index));
    for (const firsts of await Promise.all(seen)) expect(firsts).toEqual(expected);
    expect(own.stats().kills).toBeGreaterThan(0);
    expect(own.stats().deadLetters).toBe(0);
  });

  it("come again when an instance is killed by hand", async () => {
    const own = await start({ redeliverAfterMs: 10 });
    const client = await open(own);
    await own.idle();
    client.socket.send("sleep 400");
    client.socket.send("echo after");
    await eventually(
      () => own.instances().some(({ functionName, busy }) => functionName === "inbox" && busy),
      () => "the frame was not taken",
    );
    own.kill(pidsOf(own, "inbox")[0]!);

    expect(await client.next()).toBe("after");
    expect(own.stats()).toMatchObject({ kills: 1 });
  });
});
