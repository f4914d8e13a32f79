/**
 * What an open inspector takes: the same load with a reader of its stream and without one, in alternating rounds on one
 * stack. `npm run bench:inspector`; with `-- --page` the reader is the page in Chromium. Judged is the CPU time of an event, of
 * all processes of the stack and the reader, which what else runs on the machine does not change: the stack does as many
 * events more or less on cores that are all at work. Printed, not judged.
 */
import { readdirSync, readFileSync } from "node:fs";
import http from "node:http";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { io, type Socket } from "socket.io-client";
import { startLocal } from "../infra/local/local.ts";

const ROUNDS = 15;
const CLIENTS = 20;
const EVENTS = 1_000;
const TICK_MS = 10;

const isPage = process.argv.includes("--page");
const app = fileURLToPath(new URL("./apps/echo.ts", import.meta.url));
// None is born or retired in the middle of a round.
const runtime = await startLocal({ app, instances: 2, maxInstances: 2, inspector: true });
const reader = isPage ? await createPage(runtime.url) : createReader(runtime.url);
try {
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => connect(runtime.url)));
  await play(clients, 4 * EVENTS);
  const ratios: number[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const measure = async (isOpen: boolean) => {
      if (isOpen) await reader.open();
      const [cpuBefore, before] = [cpuMs(), performance.now()];
      await play(clients, EVENTS);
      const perEvent = (cpuMs() - cpuBefore) / EVENTS;
      const eventsPerSecond = (EVENTS * 1_000) / (performance.now() - before);
      if (isOpen) await reader.close();
      return { perEvent, eventsPerSecond };
    };
    // Who goes first changes, so that what warms up or slows down meets both.
    const isFirst = round % 2 === 0;
    const first = await measure(isFirst);
    const second = await measure(!isFirst);
    const [withOne, without] = isFirst ? [first, second] : [second, first];
    ratios.push(without.perEvent / withOne.perEvent);
    console.log(
      `round ${round}: ${withOne.perEvent.toFixed(2)} ms of CPU an event while it is open, ${without.perEvent.toFixed(2)} without (${withOne.eventsPerSecond.toFixed(0)} and ${without.eventsPerSecond.toFixed(0)} events/s)`,
    );
  }
  const median = ratios.toSorted((one, other) => one - other)[Math.floor(ROUNDS / 2)] ?? NaN;
  console.log(`${(median * 100).toFixed(1)} % of the throughput is left, the median of ${ROUNDS} rounds`);
  console.log(`${reader.told()} events were read`);
  if (!(reader.told() > 0)) throw new Error("expected the reader to hear events, got none");
  for (const client of clients) client.disconnect();
} finally {
  await reader.end();
  await runtime.stop();
}

async function connect(url: string): Promise<Socket> {
  const socket = io(url, { transports: ["websocket"], forceNew: true, reconnection: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("connect", resolve);
    socket.once("connect_error", reject);
  });
  return socket;
}

/** So many echoes, each client's next one when the one before was answered. */
async function play(clients: readonly Socket[], events: number): Promise<void> {
  let left = events;
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) await client.timeout(60_000).emitWithAck("echo", (left -= 1));
    }),
  );
}

/** CPU time so far of this process and of all below it. */
function cpuMs(): number {
  const stats = readdirSync("/proc").flatMap((name) => (/^\d+$/.test(name) ? statOf(name) : []));
  const tree = new Set([process.pid]);
  for (let size = 0; size < tree.size;) {
    size = tree.size;
    for (const { pid, parent } of stats) if (tree.has(parent)) tree.add(pid);
  }
  return stats.reduce((sum, { pid, ticks }) => (tree.has(pid) ? sum + ticks * TICK_MS : sum), 0);
}

function statOf(name: string): { pid: number; parent: number; ticks: number }[] {
  let text: string;
  try {
    text = readFileSync(`/proc/${name}/stat`, "utf8");
  } catch {
    return [];
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]].map(Number);
  return [{ pid: Number(name), parent, ticks: user + system }];
}

interface Reader {
  open(): Promise<void>;
  close(): Promise<void>;
  /** How many events came. */
  told(): number;
  end(): Promise<void>;
}

/** Takes what comes and looks at its ids alone. */
function createReader(url: string): Reader {
  let request: http.ClientRequest | undefined;
  let told = 0;
  return {
    open: () =>
      new Promise((resolve, reject) => {
        // What it has had it is not told again.
        const headers = { "last-event-id": String(told) };
        request = http.get(`${url}/__nonsticky/events`, { agent: false, headers }, (response) => {
          response.setEncoding("utf8").on("data", (chunk: string) => {
            for (const [, id] of chunk.matchAll(/^id: (\d+)$/gm)) told = Number(id);
            resolve();
          });
          response.on("error", () => undefined);
        });
        request.on("error", reject);
      }),
    close: async () => void request?.destroy(),
    told: () => told,
    end: async () => undefined,
  };
}

async function createPage(url: string): Promise<Reader> {
  const { chromium } = await import("playwright-core");
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  const page = await browser.newPage();
  let told = 0;
  return {
    open: async () => {
      await page.goto(`${url}/__nonsticky`);
      await page.locator('body[data-live="true"]').waitFor();
      // It is given what is kept, and has drawn it.
      for (let before = -1; before !== told; await page.waitForTimeout(500)) {
        before = told;
        told = await countOf(page);
      }
    },
    close: async () => {
      told = await countOf(page);
      await page.goto("about:blank");
    },
    told: () => told,
    end: () => browser.close(),
  };
}

/** How many packets a page has seen. */
async function countOf(page: Page): Promise<number> {
  return Number((await page.locator("#packets-count").textContent())?.replaceAll(",", "") ?? 0);
}
