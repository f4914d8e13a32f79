import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { startCollector, type Collector } from "../support/collector.ts";
import { startOurs } from "../support/our-server.ts";
import { say } from "../support/say.ts";
import { eventually } from "../support/waiting.ts";
import type { Told } from "./timer-reports.ts";

const SKEW_MS = 60_000;

/** Instances whose clocks are a minute apart, as far as they look at them. */
describe("timers of the whole stack", () => {
  const told: (Told & { readonly atMs: number })[] = [];
  const sockets: Socket[] = [];
  let collector: Collector<Told>;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    collector = await startCollector<Told>();
    collector.onReport = (report, moment) => {
      if (moment === "before") told.push({ ...report, atMs: Date.now() });
    };
    runtime = await startOurs(import.meta.url, "./apps/timers.ts", {
      env: { COLLECTOR_URL: collector.url },
      instances: 2,
      maxInstances: 4,
      antiAffinity: true,
      clockSkewMs: SKEW_MS,
    });
  });

  afterAll(async () => {
    await runtime.stop();
    await collector.stop();
  });

  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.disconnect();
  });

  async function open(): Promise<Socket> {
    const socket = connect(runtime.url, { transports: ["websocket"], forceNew: true, reconnection: false });
    sockets.push(socket);
    await new Promise((resolve) => socket.once("connect", () => resolve(undefined)));
    return socket;
  }

  const ring = (key: string) => told.filter((one) => one.key === key);

  it("ring once each, and never before they are due", async () => {
    const socket = await open();
    const keys = Array.from({ length: 30 }, (_, index) => `spread-${index}`);
    const dues = new Map<string, number>();
    for (const [index, key] of keys.entries()) {
      const inMs = 1_000 + ((index * 137) % 2_000);
      dues.set(key, Date.now() + inMs);
      await socket.timeout(10_000).emitWithAck("set", key, inMs, key);
    }

    await eventually(
      () => keys.every((key) => ring(key).length > 0),
      () => `expected ${keys.length} timers, got ${told.length}`,
      15_000,
    );
    await runtime.idle();

    expect(keys.filter((key) => ring(key).length !== 1)).toEqual([]);
    const late = keys.map((key) => ring(key)[0]!.atMs - dues.get(key)!).toSorted((a, b) => a - b);
    // The due time is taken before the call, so what is early by it is early.
    expect(late[0]).toBeGreaterThanOrEqual(0);
    say(`timers: ${late[Math.floor(late.length / 2)]} ms late in the middle, ${late.at(-1)} ms at most`);
    expect(new Set(keys.map((key) => ring(key)[0]!.pid)).size).toBeGreaterThan(1);
  }, 40_000);

  it("emit, and ask for sockets, where no socket is", async () => {
    const socket = await open();
    const rang = new Promise((resolve) => socket.once("rang", (...args) => resolve(args)));

    await socket.timeout(10_000).emitWithAck("set", "emits", 1_000, "");

    expect(await rang).toEqual(["emits", 1]);
  }, 20_000);

  it("are quiet when they were cancelled", async () => {
    const socket = await open();
    await socket.timeout(10_000).emitWithAck("set", "cancelled", 1_500, "");
    expect(await socket.timeout(10_000).emitWithAck("cancel", "cancelled")).toBe(true);
    await socket.timeout(10_000).emitWithAck("set", "after", 3_000, "");

    await eventually(
      () => ring("after").length > 0,
      () => "expected the timer behind the cancelled one",
      15_000,
    );

    expect(ring("cancelled")).toEqual([]);
  }, 30_000);

  it("are set and cancelled by a program that knows the table alone", async () => {
    const file = fileURLToPath(new URL("./apps/timers-outside.ts", import.meta.url));
    const flags = ["--import", "tsx", "--conditions=nonsticky-source"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, file], {
      env: { PATH: process.env["PATH"], ...runtime.outsideEnvironment },
      timeout: 30_000,
    });
    const { dueAtMs, ...cancelled } = JSON.parse(stdout) as { readonly dueAtMs: number };

    await eventually(
      () => ring("from outside").length > 0,
      () => "expected the timer that a program has set",
      15_000,
    );
    await runtime.idle();

    expect(cancelled).toEqual({ was: true, again: false });
    expect(ring("from outside")).toMatchObject([{ payload: "a program's" }]);
    expect(ring("from outside")[0]!.atMs).toBeGreaterThanOrEqual(dueAtMs);
    expect(ring("cancelled outside")).toEqual([]);
  }, 60_000);

  it("tick once a period while somebody is there, whichever instance does", async () => {
    await open();
    const before = told.filter(({ of }) => of === "tick").length;
    const sinceMs = Date.now();

    await eventually(
      () => told.filter(({ of }) => of === "tick").length >= before + 4,
      () => "expected four ticks",
      20_000,
    );

    const ticks = told.filter(({ of }) => of === "tick").slice(before);
    expect(ticks.length).toBeLessThanOrEqual(Math.ceil((Date.now() - sinceMs) / 1_000) + 1);
  }, 30_000);
});
