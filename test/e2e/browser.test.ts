import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLocal } from "../../infra/local/local.ts";
import type { LocalRuntime } from "../../infra/local/local.ts";

const chromiumPath = "/usr/bin/chromium";
const hasChromium = existsSync(chromiumPath);
if (!hasChromium) {
  process.stderr.write(`skipped: the browser test needs Chromium, and there is none at ${chromiumPath}\n`);
}

const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, colorScheme: "light" };
const phone: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  colorScheme: "dark",
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

describe.skipIf(!hasChromium)("the chat example in Chromium, on two instances with anti-affinity", () => {
  let runtime: LocalRuntime | undefined;
  let browser: Browser | undefined;
  let ada: Page;
  let bo: Page;
  let screenshotDir: string;
  const pageErrors: string[] = [];

  beforeAll(async () => {
    screenshotDir = process.env.SCREENSHOT_DIR ?? (await mkdtemp(join(tmpdir(), "nonsticky-browser-")));
    await mkdir(screenshotDir, { recursive: true });
    runtime = await startLocal({ app: "examples/chat/server.ts", instances: 2, antiAffinity: true });
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
    ada = await open(browser, runtime.url, desktop, pageErrors);
    bo = await open(browser, runtime.url, phone, pageErrors);
  });

  afterAll(async () => {
    await browser?.close();
    await runtime?.stop();
    if (screenshotDir) process.stdout.write(`screenshots: ${screenshotDir}\n`);
  });

  it("lets nobody in without a name", async () => {
    await ada.getByLabel("Your name").fill("   ");
    await ada.getByRole("button", { name: "Enter" }).click();

    await ada.getByText("A name has 1 to 24 characters.").waitFor();
  });

  it("shows the two to each other", async () => {
    await enter(ada, "Ada Lovelace");
    await enter(bo, "Bo");

    await ada.locator("#people-list").getByText("Bo", { exact: true }).waitFor();
    await ada.getByText(/^Bo joined/).waitFor();
    await bo.getByRole("button", { name: "People here: 2" }).click();
    await bo.getByRole("complementary").getByText("Ada Lovelace").waitFor();
    await bo.getByRole("button", { name: "Close people" }).click();
    // On a busy machine the upgrade may take longer than all of this.
    await expect
      .poll(() => ada.locator("#status").textContent(), { timeout: 15_000 })
      .toBe("Connected over websocket");
  });

  it("carries messages both ways, in order, and marks them delivered", async () => {
    await say(ada, "Morning! Anybody here?");
    await message(bo, "Morning! Anybody here?").waitFor();
    for (const text of ["Me, on a phone", "in a train", "in a tunnel"]) await say(bo, text);
    await message(ada, "in a tunnel").waitFor();

    expect(await texts(ada)).toEqual([
      "Morning! Anybody here?",
      "Me, on a phone",
      "in a train",
      "in a tunnel",
    ]);
    expect(await texts(bo)).toEqual(await texts(ada));
    await expect.poll(() => bo.getByRole("img", { name: "Delivered", exact: true }).count()).toBe(3);
    await expect.poll(() => ada.getByRole("img", { name: "Delivered", exact: true }).count()).toBe(1);
  });

  it("shows markup as the text it is", async () => {
    const text = '<img src="x" onerror="document.title = 1"><b>bold</b>';
    await say(ada, text);

    await message(bo, text).waitFor();
    expect(await bo.locator(".log img, .log .text b").count()).toBe(0);
  });

  it("says who is typing, and stops when the message comes", async () => {
    await bo.locator("#text").pressSequentially("Just a mo");

    await ada.locator("#typing").getByText("Bo is typing").waitFor();
    await ada.screenshot({ path: join(screenshotDir, "desktop-light.png") });
    await bo.locator("#text").press("Enter");
    await message(ada, "Just a mo").waitFor();
    expect(await ada.locator("#typing").textContent()).toBe("");
  });

  it("makes a room, lets the other one join it, and counts what is unread", async () => {
    await ada.getByLabel("Room to make or join").fill("Late Night");
    await ada.getByLabel("Room to make or join").press("Enter");
    await ada.getByRole("heading", { level: 1, name: "#late-night" }).waitFor();
    await bo.getByRole("button", { name: "Rooms" }).click();
    await bo.getByRole("button", { name: /late-night/ }).click();
    await bo.getByRole("heading", { level: 1, name: "#late-night" }).waitFor();
    await ada
      .getByText(/^Bo joined/)
      .last()
      .waitFor();

    await say(bo, "only for late-night");
    await message(ada, "only for late-night").waitFor();
    await ada.keyboard.press("Alt+ArrowUp");
    await ada.getByRole("heading", { level: 1, name: "#lobby" }).waitFor();
    await say(bo, "are you gone?");

    await ada.getByRole("button", { name: /late-night 1 unread/ }).click();
    await message(ada, "are you gone?").waitFor();
    expect(await texts(ada)).toEqual(["only for late-night", "are you gone?"]);
    expect(await ada.getByText(/unread/).count()).toBe(0);
  });

  it("sends what was written while the connection was gone, once", async () => {
    await bo.context().setOffline(true);
    await bo.evaluate("sockets.at(-1).close()");
    await bo.locator('body[data-status="reconnecting"]').waitFor();
    await say(bo, "written in the tunnel");
    await bo.getByRole("img", { name: "Not yet delivered" }).waitFor();
    await bo.screenshot({ path: join(screenshotDir, "phone-dark-reconnecting.png") });
    await bo.context().setOffline(false);

    await bo.locator('body[data-status="connected"]').waitFor();
    await bo.getByRole("img", { name: "Not yet delivered" }).waitFor({ state: "detached" });
    await message(ada, "written in the tunnel").waitFor();
    expect(await texts(ada)).toEqual(["only for late-night", "are you gone?", "written in the tunnel"]);
    await bo
      .locator(".log:not([hidden])")
      .getByText(/^You were away for/)
      .waitFor();
    await bo.screenshot({ path: join(screenshotDir, "phone-dark.png") });
  });

  it("was served by more than one process, and says so", async () => {
    const story = ada.locator("#story");

    expect(await story.textContent()).toMatch(
      /handled by ([2-9]|\d\d+) processes\. None of them remembers you\.$/,
    );
    expect(pageErrors).toEqual([]);
  });
});

/** A window of its own, with nothing shared. Its WebSockets are kept in `sockets`, for a test to close one. */
async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  pageErrors: string[],
): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(10_000);
  await context.addInitScript(`
    globalThis.sockets = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(...args) {
        super(...args);
        sockets.push(this);
      }
    };
  `);
  const page = await context.newPage();
  page.on("pageerror", (error) => pageErrors.push(String(error)));
  await page.goto(url);
  return page;
}

async function enter(page: Page, nickname: string): Promise<void> {
  await page.getByLabel("Your name").fill(nickname);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByRole("heading", { level: 1, name: "#lobby" }).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
}

const message = (page: Page, text: string) =>
  page.locator(".log:not([hidden]) .message .text").getByText(text, { exact: true });

const texts = (page: Page): Promise<string[]> =>
  page.locator(".log:not([hidden]) .message .text").allTextContents();
