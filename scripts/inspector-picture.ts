/**
 * Takes the pictures of the inspector: two clients chat on instances that die, and a packet is looked at.
 * `npm run inspector:picture` writes docs/inspector.png; `-- DIR` also the page at 1280 and 400 pixels, light and dark.
 */
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { chromium, type BrowserContextOptions, type Page } from "playwright-core";
import { io, type Socket } from "socket.io-client";
import { startLocal } from "../infra/local/local.ts";

const PATIENCE_MS = 120_000;
const chromiumPath = "/usr/bin/chromium";
const root = path.dirname(import.meta.dirname);
const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 860 } };
const phone: BrowserContextOptions = {
  viewport: { width: 400, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

if (!existsSync(chromiumPath)) throw new Error(`expected Chromium at ${chromiumPath}, got none`);
const [dir] = process.argv.slice(2);
if (dir !== undefined) mkdirSync(dir, { recursive: true });

const runtime = await startLocal({
  app: path.join(root, "examples/chat/server.ts"),
  instances: 2,
  watch: true,
  inspector: true,
  log: () => undefined,
});
const browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
const sockets: Socket[] = [];
try {
  const [ada, bo, cy] = await Promise.all(["Ada", "Bo", "Cy"].map((name) => join(name)));
  const pages = await Promise.all(
    (["light", "dark"] as const).flatMap((colorScheme) => [
      open({ ...desktop, colorScheme }),
      open({ ...phone, colorScheme }),
    ]),
  );
  const [light, lightPhone, dark, darkPhone] = pages as [Page, Page, Page, Page];
  await talk([ada, bo, cy] as Socket[]);
  await light.evaluate(`fetch("/__nonsticky/switches", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ antiAffinity: true }),
  })`);
  await talk([ada, bo, cy] as Socket[]);
  for (const page of pages) await lookAtPacket(page);
  await light.screenshot({ path: path.join(root, "docs/inspector.png") });
  if (dir !== undefined) {
    await light.screenshot({ path: path.join(dir, "1280-light.png") });
    await dark.screenshot({ path: path.join(dir, "1280-dark.png") });
    await lightPhone.screenshot({ path: path.join(dir, "400-light-way.png") });
    await darkPhone.screenshot({ path: path.join(dir, "400-dark-way.png") });
    await lightPhone.getByRole("button", { name: "Back" }).click();
    await lightPhone.screenshot({ path: path.join(dir, "400-light.png") });
    await darkPhone.getByRole("button", { name: "Back" }).click();
    await darkPhone.screenshot({ path: path.join(dir, "400-dark.png") });
    for (const name of ["Connections", "Instances", "Switches"]) {
      await lightPhone.getByRole("button", { name }).click();
      await darkPhone.getByRole("button", { name }).click();
      await lightPhone.screenshot({ path: path.join(dir, `400-light-${name.toLowerCase()}.png`) });
      await darkPhone.screenshot({ path: path.join(dir, `400-dark-${name.toLowerCase()}.png`) });
    }
    await dark.keyboard.press("Escape");
    await dark.locator(".connection .choose").first().click();
    await dark.waitForTimeout(2_000);
    await dark.screenshot({ path: path.join(dir, "1280-dark-filtered.png") });
  }
} finally {
  for (const socket of sockets) socket.close();
  await browser.close();
  await runtime.stop();
}

async function open(options: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on("pageerror", (error) => console.error(error));
  page.on("console", (message) => message.type() === "error" && console.error(message.text()));
  await page.goto(`${runtime.url}/__nonsticky`);
  await page.locator('body[data-live="true"]').waitFor();
  return page;
}

/** Somebody who enters again when the connection was lost, as the page of the example does. */
async function join(name: string): Promise<Socket> {
  const socket = io(runtime.url, { forceNew: true });
  sockets.push(socket);
  const rooms = name === "Cy" ? ["lobby", "late-night"] : ["lobby"];
  await new Promise<void>((entered) => {
    socket.on("connect", () => socket.emit("enter", name, rooms, () => entered()));
  });
  return socket;
}

async function talk([ada, bo, cy]: readonly Socket[]): Promise<void> {
  await say(ada, "Morning! Anybody here?");
  bo?.emit("typing", "lobby", true);
  await say(bo, "Me, on a phone, in a train");
  await say(cy, "Which process is this, even?");
  await say(ada, "Whichever is free");
}

async function say(socket: Socket | undefined, text: string): Promise<void> {
  const id = `id-${Math.random().toString(36).slice(2)}`;
  for (let isHeard = false; !isHeard;) {
    isHeard = await new Promise((resolve) => {
      socket?.timeout(10_000).emit("say", "lobby", { id, text }, (error: unknown) => resolve(error === null));
    });
  }
}

/** The last message that was handled. */
async function lookAtPacket(page: Page): Promise<void> {
  await page.waitForTimeout(500);
  await page.locator(".row.in", { hasText: "say" }).last().click();
  await page.locator(".journey .cost").waitFor();
}
