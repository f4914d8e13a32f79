import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { chromium } from "playwright-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startLocal, type LocalRuntime } from "../../infra/local/local.ts";
import { auth, credentials } from "../admin/page.ts";

const chromiumPath = "/usr/bin/chromium";
const hasChromium = existsSync(chromiumPath);
if (!hasChromium) {
  process.stderr.write(`skipped: the browser test needs Chromium, and there is none at ${chromiumPath}\n`);
}

const desktop: BrowserContextOptions = { viewport: { width: 1280, height: 900 } };
const phone: BrowserContextOptions = {
  viewport: { width: 400, height: 800 },
  hasTouch: true,
  isMobile: true,
};
/** An instance may believe for five seconds that nobody looks. */
const patience = { timeout: 10_000 };

describe.skipIf(!hasChromium)(
  "the official admin page, in Chromium, on two instances that take turns",
  () => {
    let files: Server | undefined;
    let runtime: LocalRuntime | undefined;
    let browser: Browser | undefined;
    let page: Page;
    let ada: Socket;
    let bo: Socket;
    let shots: string;
    let pageUrl: string;

    beforeAll(async () => {
      shots = process.env["SCREENSHOT_DIR"] ?? (await mkdtemp(path.join(tmpdir(), "nonsticky-admin-")));
      await mkdir(shots, { recursive: true });
      files = await serveFiles(path.join(packageDir("@socket.io/admin-ui"), "ui/dist"));
      pageUrl = `http://127.0.0.1:${(files.address() as AddressInfo).port}`;
      runtime = await startLocal({
        app: "test/admin/apps/hall.ts",
        instances: 2,
        antiAffinity: true,
        log: () => undefined,
        env: { ADMIN_ORIGIN: pageUrl, ADMIN_HASH: auth.password },
      });
      browser = await chromium.launch({ executablePath: chromiumPath, args: ["--no-sandbox"] });
      const context = await browser.newContext(desktop);
      page = await context.newPage();
      [ada, bo] = [join("Ada", ["websocket"]), join("Bo", ["polling"])];
      await Promise.all([ada, bo].map((client) => client.emitWithAck("enter", "hall")));
    });

    afterAll(async () => {
      await browser?.close();
      for (const client of [ada, bo]) client?.close();
      await runtime?.stop();
      files?.close();
      process.stdout.write(`screenshots: ${shots}\n`);
    });

    const join = (name: string, transports: string[]) =>
      connect(runtime!.url, { transports, forceNew: true, auth: { name }, reconnection: false });
    const shoot = (name: string, of = page) => of.screenshot({ path: path.join(shots, `${name}.png`) });

    it("refuses wrong credentials, and lets in the right ones", async () => {
      await page.goto(pageUrl);
      await signIn(page, runtime!.url, "letmein");
      await page.getByText("Invalid credentials").waitFor(patience);
      await shoot("refused");

      await signIn(page, runtime!.url, credentials.password);
      await page.getByText("Invalid credentials").waitFor({ state: "detached", ...patience });
      await cardOf(page, "Clients").getByText("HTTP long-polling").waitFor(patience);
    });

    it("shows clients by transport, and the deployment as one server", async () => {
      // The page itself has moved to a WebSocket by then.
      await expect
        .poll(() => cardOf(page, "Clients").innerText(), patience)
        .toMatch(/WebSocket\s+2[\s\S]*polling\s+1/);
      await expect
        .poll(() => cardOf(page, "Namespaces").innerText(), patience)
        .toMatch(/\/\s+2\s+\/admin\s+1/);
      await shoot("dashboard");
      await goTo(page, "Servers");
      expect(await rowOf(page, "hall").innerText()).toMatch(/^hall\s+0s\s+3\s/);
      await shoot("servers");
    });

    it("shows sockets, rooms and clients", async () => {
      await goTo(page, "Sockets");
      expect(await rowOf(page, ada.id!).innerText()).toMatch(/WebSocket/);
      expect(await rowOf(page, bo.id!).innerText()).toMatch(/HTTP long-polling/);
      await shoot("sockets");
      await goTo(page, "Rooms");
      expect(await rowOf(page, "hall").innerText()).toMatch(/PUBLIC\s+2/);
      await goTo(page, "Clients");
      await expect.poll(() => page.locator("tbody tr").count(), patience).toBe(3);
      await shoot("clients");
    });

    it("shows events as they happen, from both instances", async () => {
      await goTo(page, "Events");
      const said = new Promise((resolve) => ada.once("said", resolve));
      for (const text of ["one", "two"]) await bo.emitWithAck("say", text);
      await said;
      const events = (name: string) => page.locator("tbody tr").filter({ hasText: name });
      await expect.poll(() => events("Event name: say").count(), patience).toBe(2);
      await expect.poll(() => events("Event name: said").count(), patience).toBe(4);
      await shoot("events");
    });

    it("has a socket join a room, leave it, and disconnects it", async () => {
      await goTo(page, "Sockets");
      await rowOf(page, ada.id!).click();
      await page.getByText('"name": "Ada"').waitFor(patience);
      await page.getByLabel("Join a room").fill("vip");
      await page.getByLabel("Join a room").press("Enter");
      await page.locator('main form button[type="submit"]').click();
      await roomOf(page, "vip").waitFor(patience);
      await shoot("socket");
      expect(await membersOf(runtime!, "vip")).toBe(1);

      await roomOf(page, "vip").getByRole("button").click();
      await roomOf(page, "vip").waitFor({ state: "detached", ...patience });
      expect(await membersOf(runtime!, "vip")).toBe(0);

      const ended = new Promise((resolve) => ada.once("disconnect", resolve));
      await goTo(page, "Sockets");
      const row = rowOf(page, ada.id!).filter({ hasText: "WebSocket" });
      await row.getByRole("button").click();
      expect(await ended).toBe("io server disconnect");
      await row.waitFor({ state: "detached", ...patience });
    });

    it("comes back with the id that it was given, also on a phone", async () => {
      const context = await browser!.newContext({
        ...phone,
        storageState: await page.context().storageState(),
      });
      const small = await context.newPage();
      await small.goto(pageUrl);
      await cardOf(small, "Namespaces").getByText("/admin").waitFor(patience);
      await shoot("dashboard-phone", small);
      await small.goto(`${pageUrl}/#/sockets/`);
      await small.getByText(bo.id!).waitFor(patience);
      await hasSlidIn(small);
      await shoot("sockets-phone", small);
      expect(await small.getByLabel("Password").count()).toBe(0);
    });
  },
);

const cardOf = (page: Page, title: string) =>
  page
    .locator(".v-card")
    .filter({ has: page.locator(".v-card__title", { hasText: new RegExp(`^\\s*${title}`) }) });
const rowOf = (page: Page, text: string) =>
  page.locator("main .v-data-table__wrapper tbody tr").filter({ hasText: text });

/** Of the rooms of the socket that is shown. */
const roomOf = (page: Page, room: string) =>
  cardOf(page, "Rooms").locator("tbody tr").filter({ hasText: room });

async function goTo(page: Page, title: string): Promise<void> {
  await page.locator(".v-navigation-drawer").getByText(title, { exact: true }).click();
  await page.locator(".v-breadcrumbs").getByText(title, { exact: true }).waitFor(patience);
  await hasSlidIn(page);
}

const hasSlidIn = (page: Page) => page.waitForTimeout(400);

/** As the app has it, not the page. */
async function membersOf(runtime: LocalRuntime, room: string): Promise<number> {
  const client = connect(runtime.url, { transports: ["websocket"], forceNew: true, reconnection: false });
  const count = (await client.emitWithAck("count", room)) as number;
  client.close();
  return count;
}

async function signIn(page: Page, url: string, password: string): Promise<void> {
  await page.getByLabel("Server URL").fill(url);
  await page.getByLabel("Username").fill(credentials.username);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Connect" }).click();
}

const packageDir = (name: string): string =>
  path.dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".png": "image/png",
};

async function serveFiles(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://localhost").pathname;
    const file = path.join(folder, name === "/" ? "index.html" : path.normalize(name));
    readFile(file).then(
      (body) =>
        response.setHeader("content-type", types[path.extname(file)] ?? "application/octet-stream").end(body),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
