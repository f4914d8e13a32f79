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

const TURN_SECONDS = 30;
const GRACE_SECONDS = 6;
const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 800 }, colorScheme: "light" };
const phone: BrowserContextOptions = {
  viewport: { width: 400, height: 800 },
  colorScheme: "dark",
  hasTouch: true,
  isMobile: true,
};

describe.skipIf(!hasChromium)("tic-tac-toe in Chromium, on instances that the players end", () => {
  let runtime: LocalRuntime | undefined;
  let browser: Browser | undefined;
  let ada: Page;
  let bo: Page;
  let screenshotDir: string;
  const pageErrors: string[] = [];

  beforeAll(async () => {
    screenshotDir = process.env["SCREENSHOT_DIR"] ?? (await mkdtemp(join(tmpdir(), "nonsticky-game-")));
    await mkdir(screenshotDir, { recursive: true });
    runtime = await startLocal({
      app: "examples/tic-tac-toe/server.ts",
      instances: 2,
      antiAffinity: true,
      log: () => undefined,
      env: { TURN_SECONDS: String(TURN_SECONDS), GRACE_SECONDS: String(GRACE_SECONDS) },
    });
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
    ada = await open(browser, runtime.url, desktop, pageErrors);
    bo = await open(browser, runtime.url, phone, pageErrors);
  });

  afterAll(async () => {
    await browser?.close();
    await runtime?.stop();
    if (screenshotDir) process.stdout.write(`screenshots: ${screenshotDir}\n`);
  });

  it("seats two who find each other in the lobby", async () => {
    await shoot(ada, screenshotDir, "welcome");
    await enter(ada, "Ada");
    await enter(bo, "Bo");
    await ada.getByRole("button", { name: "Open a game" }).click();
    await ada.getByText("Waiting for somebody").waitFor();
    await bo.getByRole("button", { name: "Play Ada" }).waitFor();
    await shoot(bo, screenshotDir, "lobby");
    await bo.getByRole("button", { name: "Play Ada" }).click();

    await ada.getByText("Your move").waitFor();
    await bo.getByText("Ada is thinking").waitFor();
  });

  it("goes on, move by move, while each player ends the process that serves the other's move", async () => {
    const coldStarts = runtime?.stats().coldStarts ?? 0;
    for (const [index, cell] of [0, 3, 1, 4].entries()) {
      const [mover, waiter] = index % 2 === 0 ? [ada, bo] : [bo, ada];
      await mover.getByText("Your move").waitFor();
      await end(waiter);
      await play(mover, cell);
      await waiter.getByText("Your move").waitFor();
    }
    await shoot(ada, screenshotDir, "playing");
    await shoot(bo, screenshotDir, "playing-phone");
    await play(ada, 2);

    await ada.getByText("You win").waitFor();
    await bo.getByText("You lose").waitFor();
    expect(await marks(ada)).toBe("XXXOO    ");
    expect(await marks(bo)).toBe("XXXOO    ");
    // Each that was ended has another one in its place.
    expect((runtime?.stats().coldStarts ?? 0) - coldStarts).toBeGreaterThanOrEqual(4);
    await shoot(ada, screenshotDir, "over");
  });

  it("keeps the seat of a player who reconnects in time, and lets the other one begin", async () => {
    await bo.getByRole("button", { name: "Play again" }).click();
    await bo.getByText("Your move").waitFor();
    await bo.context().setOffline(true);
    await bo.evaluate("sockets.at(-1).close()");
    await ada.getByText(/^Away, \d s left$/).waitFor();
    await shoot(ada, screenshotDir, "away");
    await bo.context().setOffline(false);

    await ada.getByText(/^Away, /).waitFor({ state: "detached" });
    await play(bo, 4);
    await ada.getByText("Your move").waitFor();
    expect(await marks(ada)).toBe("    X    ");
  });

  it("ends a move whose time is up, though the process that set the clock is gone", async () => {
    for (const { pid } of runtime?.instances() ?? []) runtime?.kill(pid);

    await ada.getByText("You lose: time is up").waitFor({ timeout: (TURN_SECONDS + 25) * 1000 });
    await bo.getByText("You win: time is up").waitFor();
  }, 90_000);

  it("gives up the seat of a player who stays away", async () => {
    await ada.getByRole("button", { name: "Play again" }).click();
    await ada.getByText("Your move").waitFor();
    await bo.context().setOffline(true);
    await bo.evaluate("sockets.at(-1).close()");

    await ada.getByText("You win: the other one has left").waitFor({ timeout: (GRACE_SECONDS + 25) * 1000 });
    await ada.getByRole("button", { name: "Leave" }).click();
    await ada.getByRole("button", { name: "Open a game" }).waitFor();
    await bo.context().setOffline(false);
    await bo.getByRole("button", { name: "Open a game" }).waitFor();
    expect(pageErrors).toEqual([]);
  }, 90_000);
});

/** A window of its own, with nothing shared. Its WebSockets are kept in `sockets`, for a test to close one. */
async function open(
  browser: Browser,
  url: string,
  options: BrowserContextOptions,
  pageErrors: string[],
): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(30_000);
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

async function enter(page: Page, name: string): Promise<void> {
  await page.getByLabel("Your name").fill(name);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByRole("heading", { level: 1, name: "Games" }).waitFor();
  await page.getByText("Connected", { exact: true }).waitFor();
}

/** The player's own connection ends with that process, and comes back by itself. */
async function end(page: Page): Promise<void> {
  const before = Number(await page.evaluate("sockets.length"));
  await page.getByRole("button", { name: "End the process" }).click();
  // How long it says "Reconnecting…" is up to the machine; that it has another WebSocket stays.
  await page.waitForFunction(`sockets.length > ${before}`);
  await page.getByText("Connected", { exact: true }).waitFor();
}

async function play(page: Page, cell: number): Promise<void> {
  await page.locator(".cell").nth(cell).click();
}

const marks = async (page: Page): Promise<string> =>
  (
    await page.locator(".cell").evaluateAll((cells) => cells.map((one) => one.getAttribute("data-mark")))
  ).join("");

/** As it looks by day and by night, wide and narrow. */
async function shoot(page: Page, directory: string, name: string): Promise<void> {
  const size = page.viewportSize();
  for (const width of [1280, 400]) {
    await page.setViewportSize({ width, height: 800 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(directory, `${name}-${width}-${colorScheme}.png`) });
    }
  }
  if (size) await page.setViewportSize(size);
}
