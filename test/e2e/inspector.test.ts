import { existsSync } from "node:fs";
import { mkdir, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type BrowserContextOptions, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startLocal, type LocalRuntime } from "../../infra/local/local.ts";
import { InspectorReader } from "../support/inspector-reader.ts";

const chromiumPath = "/usr/bin/chromium";
const hasChromium = existsSync(chromiumPath);
if (!hasChromium) {
  process.stderr.write(
    `skipped: the inspector's test needs Chromium, and there is none at ${chromiumPath}\n`,
  );
}

const MESSAGES = 200;
/** Said at once by both windows; then they wait until all of it is delivered. */
const BURST = 40;
const PATIENCE_MS = 60_000;
const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 860 }, colorScheme: "light" };
const phone: BrowserContextOptions = {
  viewport: { width: 400, height: 844 },
  colorScheme: "dark",
  hasTouch: true,
  isMobile: true,
};

describe.skipIf(!hasChromium)("the inspector beside two chat windows, with kills", () => {
  let runtime: LocalRuntime;
  let browser: Browser;
  let reader: InspectorReader;
  let page: Page;
  let ada: Page;
  let bo: Page;
  let screenshotDir: string;
  const pageErrors: string[] = [];

  beforeAll(async () => {
    screenshotDir = process.env.SCREENSHOT_DIR ?? (await mkdtemp(join(tmpdir(), "nonsticky-inspector-")));
    await mkdir(screenshotDir, { recursive: true });
    runtime = await startLocal({
      app: "examples/chat/server.ts",
      instances: 2,
      inspector: true,
      log: () => undefined,
    });
    browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
    reader = await InspectorReader.open(runtime.url);
    page = await open("/__nonsticky", desktop);
    await page.locator('body[data-live="true"]').waitFor();
    ada = await open("/", desktop);
    bo = await open("/", desktop);
    await enter(ada, "Ada");
    await enter(bo, "Bo");
  }, 120_000);

  afterAll(async () => {
    reader?.close();
    await browser?.close();
    await runtime?.stop();
    if (screenshotDir) process.stdout.write(`screenshots: ${screenshotDir}\n`);
  });

  /** All connections and all packets so far, and nothing switched on, whatever the test before has left. */
  beforeEach(async () => {
    await fetch(`${runtime.url}/__nonsticky/switches`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ chaos: 0, throttle: 0, antiAffinity: false, freeze: false }),
    });
    await page.emulateMedia({ colorScheme: "light" });
    await page.goto(`${runtime.url}/__nonsticky`);
    await page.locator('body[data-live="true"]').waitFor();
  }, PATIENCE_MS);

  async function open(place: string, options: BrowserContextOptions): Promise<Page> {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    const opened = await context.newPage();
    opened.on("pageerror", (error) => pageErrors.push(String(error)));
    opened.on("console", (message) => {
      // What is asked for too late, of a process that is gone just then, is refused, and the page says so.
      if (message.type() !== "error" || place === "/" || message.location().url.endsWith("/act")) return;
      pageErrors.push(`${message.text()} ${message.location().url}`);
    });
    await opened.goto(runtime.url + place);
    return opened;
  }

  it("sees each of 200 messages once, in order, and on which instance it ran", async () => {
    await page.getByLabel("Chaos, percent").fill("4");
    await expect.poll(() => reader.of("switches").at(-1)?.chaos, { timeout: PATIENCE_MS }).toBe(0.04);
    for (let first = 0; first < MESSAGES; first += BURST) {
      await Promise.all([ada, bo].map((window, parity) => sayAll(window, first + parity)));
      await page
        .getByRole("button", { name: /^Kill / })
        .first()
        .click();
      // Whatever was hit by a kill was sent again by its window.
      for (const window of [ada, bo]) {
        await expect.poll(() => pendingIn(window), { timeout: PATIENCE_MS }).toBe(0);
      }
    }
    await page.getByLabel("Chaos, percent").fill("0");
    await runtime.idle();
    const letters = reader.of("letter").filter(({ texts }) => texts.some((text) => text.includes('"say"')));
    const said = letters.flatMap(({ texts }) => texts.filter((text) => text.includes('"say"')));
    // As quotes are only in raw frames, this is what came in, and not what went out.
    await page.getByLabel("Search packets").fill('"say"');
    await page
      .locator("#counts", { hasText: new RegExp(`^${said.length} rows`) })
      .waitFor({ timeout: PATIENCE_MS });
    const shown = await rowsOf(page);
    // Of a long list only what is seen is in the document.
    expect(await page.locator(".row").count()).toBeLessThan(60);
    // As the stream told them, each once: what was sent again after a kill is a packet of its own.
    expect(shown.map(({ text }) => numberIn(text))).toEqual(said.map(numberIn));
    expect(new Set(shown.map(({ key }) => key)).size).toBe(shown.length);
    for (const parity of [0, 1]) {
      const firsts = [...new Set(said.map(numberIn).filter((number) => number % 2 === parity))];
      expect(firsts).toEqual(Array.from({ length: MESSAGES / 2 }, (_, index) => 2 * index + parity));
    }
    const pids = new Set(reader.of("invocation").map(({ pid }) => pid));
    expect(shown.filter(({ pid }) => !pids.has(pid))).toEqual([]);
    expect(new Set(shown.map(({ pid }) => pid)).size).toBeGreaterThan(1);
    expect(runtime.stats().kills).toBeGreaterThan(0);
  }, 300_000);

  it("finds what is searched for, and shows all again", async () => {
    for (const text of ["hay", "a needle", "more hay"]) await say(ada, text);
    await page.locator(".row.in", { hasText: "more hay" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("needle");

    await page.locator(".row.in", { hasText: "a needle" }).first().waitFor();
    await expect
      .poll(async () => (await rowsOf(page)).filter(({ text }) => !text.includes("needle")), {
        timeout: PATIENCE_MS,
      })
      .toEqual([]);
    await page.keyboard.press("Escape");
    await page.locator(".row.in", { hasText: "more hay" }).waitFor();
  }, 120_000);

  it("shows the way of a packet, as the stream tells it", async () => {
    // Under load not every packet is looked into; now there is none.
    await say(ada, "one to look at");
    await page.locator(".row.in", { hasText: "one to look at" }).last().click();
    await page.locator(".cost").waitFor();
    const way = page.locator(".journey");
    await way.getByText("Raw frame").click();
    const text = await way.locator("pre").textContent();

    const [letter] = reader.of("letter").filter(({ texts }) => texts.includes(text ?? ""));
    expect(letter).toBeDefined();
    const packet = reader.of("packet").findLast((one) => one.letter === letter?.letter);
    const requests = reader.of("table").filter(({ cause }) => cause.letter === letter?.letter);
    expect(requests.length).toBeGreaterThan(0);
    expect(await way.locator(".requests .action").allTextContents()).toEqual(
      requests.map(({ action }) => action),
    );
    expect(await way.locator(".station.instance").textContent()).toContain(String(packet?.pid));
    expect(await way.locator(".station.instance").textContent()).toMatch(/replay.*handler say/);
    expect(await way.locator(".station.clients h3").textContent()).toMatch(/^\d+ posts?$/);
    expect(await way.locator(".total").textContent()).toMatch(/^\$\d+\.\d\d for a million/);
    await page.locator("#packets").focus();
    const key = await page.locator('.row[aria-selected="true"]').getAttribute("data-key");
    await page.keyboard.press("ArrowUp");
    await expect
      .poll(() => page.locator('.row[aria-selected="true"]').getAttribute("data-key"), {
        timeout: PATIENCE_MS,
      })
      .not.toBe(key);
    await page.keyboard.press("ArrowDown");
    await page.screenshot({ path: join(screenshotDir, "1280-light.png") });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.screenshot({ path: join(screenshotDir, "1280-dark.png") });
    await page.keyboard.press("Escape");
  }, 120_000);

  it("stands still while it is paused, and misses nothing", async () => {
    await page.keyboard.press("p");
    await page.getByText(/paused/).waitFor();
    const shown = page.locator("#counts");
    const [before] = /^\d+ rows/.exec((await shown.textContent()) ?? "") ?? [];
    await say(ada, "while it was paused");
    await page.getByText(/paused, [1-9]\d* new/).waitFor();

    expect(await shown.textContent()).toMatch(new RegExp(`^${before} · paused`));
    await page.keyboard.press("p");
    await page.locator(".row.in", { hasText: "while it was paused" }).waitFor();
  }, 120_000);

  it("filters everything to one connection, with its rooms and data, and lets it expire and drop", async () => {
    const alive = page.locator(".connection:not([data-ended])", { hasText: "websocket" });
    await expect.poll(() => alive.count(), { timeout: PATIENCE_MS }).toBe(2);
    const [tag, other] = (await alive.locator(".name").allTextContents()) as [string, string];
    const cardOf = (name: string) =>
      page.locator(".connection", { has: page.locator(".name", { hasText: name }) });
    await cardOf(tag).locator(".choose").click();
    await page.locator(".connection dd", { hasText: /nickname: "(Ada|Bo)"/ }).waitFor();
    await page.locator(".room", { hasText: "lobby" }).first().waitFor();
    const sessions = (await rowsOf(page)).map(({ who }) => who);

    expect(sessions.length).toBeGreaterThan(0);
    expect(sessions.filter((who) => who !== tag && !/^\d+ clients$/.test(who))).toEqual([]);
    const closed = reader.of("connection.closed").length;
    await page.getByRole("button", { name: "Expire it" }).click();
    await expect
      .poll(() => reader.of("connection.closed").slice(closed)[0]?.code, { timeout: PATIENCE_MS })
      .toBe(1001);
    // Its client comes back, as another session.
    await cardOf(tag).and(page.locator("[data-ended]")).waitFor();
    await expect.poll(() => alive.count(), { timeout: PATIENCE_MS }).toBe(2);
    await cardOf(other).locator(".choose").click();
    await page.getByRole("button", { name: "Drop its network" }).click();
    await expect.poll(() => reader.of("connection.dropped").length, { timeout: PATIENCE_MS }).toBe(1);
    await cardOf(other).locator(".transport", { hasText: "network dropped" }).waitFor();
    await page.getByRole("button", { name: "Show all connections again" }).click();
    await page.locator("#filter").waitFor({ state: "hidden" });
  }, 120_000);

  it("hears a press that lasts as long as a finger's, while packets come", async () => {
    // Nobody comes back in the middle of it, whose card would move the others.
    await expect
      .poll(() => page.locator(".connection:not([data-ended])", { hasText: "websocket" }).count(), {
        timeout: PATIENCE_MS,
      })
      .toBe(2);
    const choose = page.locator(".connection .choose").first();
    const tag = await choose.getAttribute("data-session");
    const counted = page.locator("#packets-count");
    await choose.hover();
    await page.mouse.down();
    const before = await counted.textContent();
    await Promise.all([ada, bo].map((window, parity) => sayAll(window, MESSAGES + parity)));
    await expect.poll(() => counted.textContent(), { timeout: PATIENCE_MS }).not.toBe(before);
    await page.mouse.up();

    await page.locator(`.choose[data-session="${tag}"][aria-pressed="true"]`).waitFor();
  }, 120_000);

  it("sets each switch, and shows it set in every window", async () => {
    const small = await open("/__nonsticky", phone);
    await small.getByRole("button", { name: "Switches" }).click();
    await page.getByRole("switch", { name: "Freeze" }).click();
    await page.getByRole("switch", { name: "Anti-affinity" }).click();
    await page.getByLabel("Throttle, percent").fill("35");

    const set = { chaos: 0, freeze: true, antiAffinity: true, throttle: 0.35 };
    await expect.poll(() => reader.of("switches").at(-1), { timeout: PATIENCE_MS }).toMatchObject(set);
    for (const one of [page, small]) {
      await one.locator('[name="freeze"]:checked').waitFor({ state: "attached" });
      await one.locator('[name="antiAffinity"]:checked').waitFor({ state: "attached" });
    }
    await small.getByText("35 %").waitFor();
    await small.screenshot({ path: join(screenshotDir, "400-dark-switches.png") });
    await page.getByRole("switch", { name: "Freeze" }).click();
    await page.getByRole("switch", { name: "Anti-affinity" }).click();
    await page.getByLabel("Throttle, percent").fill("0");
    await expect
      .poll(() => reader.of("switches").at(-1), { timeout: PATIENCE_MS })
      .toMatchObject({ freeze: false, antiAffinity: false, throttle: 0 });

    const [pid] = runtime.instances().flatMap((one) => (one.functionName === "inbox" ? [one.pid] : []));
    await page.getByRole("button", { name: `Kill ${pid}`, exact: true }).click();
    await expect
      .poll(() => reader.of("instance").some((one) => one.pid === pid && one.state === "ended"), {
        timeout: PATIENCE_MS,
      })
      .toBe(true);

    await small.getByRole("button", { name: "Packets" }).click();
    await say(ada, "seen on a phone");
    await small.locator(".row.in", { hasText: "seen on a phone" }).waitFor();
    await small.screenshot({ path: join(screenshotDir, "400-dark.png") });
    await small.locator(".row.in", { hasText: "seen on a phone" }).last().click();
    await small.locator(".journey .way").waitFor();
    await small.screenshot({ path: join(screenshotDir, "400-dark-way.png") });
    await small.emulateMedia({ colorScheme: "light" });
    await small.screenshot({ path: join(screenshotDir, "400-light-way.png") });
    const width = await small.evaluate("document.documentElement.scrollWidth");
    expect(width).toBe(400);
  }, 120_000);

  it("sends a packet once more", async () => {
    await say(ada, "say it again");
    await expect.poll(() => pendingIn(ada), { timeout: PATIENCE_MS }).toBe(0);
    await page.locator(".row.in", { hasText: "say it again" }).last().click();
    const before = saidAgain();
    await page.getByRole("button", { name: "Send it again" }).click();

    await expect.poll(saidAgain, { timeout: PATIENCE_MS }).toBe(before + 1);
    expect(pageErrors).toEqual([]);
  }, 120_000);

  const saidAgain = (): number =>
    reader.of("letter").filter(({ texts }) => texts.some((text) => text.includes("say it again"))).length;
});

interface Row {
  readonly key: string;
  /** Whose it is, or how many it went to. */
  readonly who: string;
  readonly text: string;
  readonly pid: number;
}

const numberIn = (text: string): number => Number(/message (\d+)\./.exec(text)?.[1] ?? NaN);

/** All rows, seen by scrolling through them. */
const rowsOf = (page: Page): Promise<Row[]> =>
  page.evaluate<Row[]>(`(async () => {
    const box = document.getElementById("packets");
    const found = new Map();
    for (let top = 0; ; top += box.clientHeight) {
      box.scrollTop = top;
      await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      for (const row of box.querySelectorAll(".row")) {
        const part = (name) => row.querySelector(name)?.textContent ?? "";
        const [who, text, pid] = [part(".who"), part(".what"), Number(part(".pid"))];
        found.set(Number(row.getAttribute("aria-posinset")), { key: row.dataset.key, who, text, pid });
      }
      if (top >= box.scrollHeight - box.clientHeight) break;
    }
    return [...found].sort(([one], [other]) => one - other).map(([, row]) => row);
  })()`);

async function enter(page: Page, nickname: string): Promise<void> {
  await page.getByLabel("Your name").fill(nickname);
  await page.getByRole("button", { name: "Enter" }).click();
  await page.getByRole("heading", { level: 1, name: "#lobby" }).waitFor();
}

async function say(page: Page, text: string): Promise<void> {
  await page.locator("#text").fill(text);
  await page.locator("#text").press("Enter");
}

/** Every second one of a burst, by the page's own composer, faster than hands are. */
const sayAll = (page: Page, first: number): Promise<void> =>
  page.evaluate(`(async () => {
    const field = document.getElementById("text");
    for (let index = ${first}; index < ${first} + ${BURST}; index += 2) {
      field.value = "message " + String(index).padStart(3, "0") + ".";
      field.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", cancelable: true }));
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  })()`);

const pendingIn = (page: Page): Promise<number> =>
  page.getByRole("img", { name: "Not yet delivered" }).count();
