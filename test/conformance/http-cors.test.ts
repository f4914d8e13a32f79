import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Inbox } from "../support/inbox.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { corsSettings } from "./http-settings.ts";
import { Stage, type Ask } from "./http-stage.ts";

const servers = [
  { name: "ours", start: () => startOurs(import.meta.url, "./apps/cors-app.ts") },
  { name: "the official server", start: () => startOfficial(() => undefined, corsSettings) },
];

const shows = [
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-allow-methods",
  "access-control-allow-headers",
  "vary",
];

const preflight = (origin: string): Ask => ({
  method: "OPTIONS",
  headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "x-token" },
  shows,
});

const rows: readonly { readonly title: string; readonly ask: Ask; readonly sees: string }[] = [
  {
    title: "a preflight of a page that may",
    ask: preflight("https://here.example"),
    sees:
      "204 - access-control-allow-origin=https://here.example access-control-allow-credentials=true " +
      "access-control-allow-methods=GET,HEAD,PUT,PATCH,POST,DELETE access-control-allow-headers=x-token " +
      "vary=Origin, Access-Control-Request-Headers",
  },
  {
    title: "a preflight of a page that may not",
    ask: preflight("https://there.example"),
    sees:
      "204 - access-control-allow-origin=undefined access-control-allow-credentials=true " +
      "access-control-allow-methods=GET,HEAD,PUT,PATCH,POST,DELETE access-control-allow-headers=x-token " +
      "vary=Origin, Access-Control-Request-Headers",
  },
  {
    title: "a refusal, which the page may read",
    ask: {
      headers: { origin: "https://here.example" },
      query: { transport: "abc" },
      shows: shows.slice(0, 2),
    },
    sees:
      "400 application/json access-control-allow-origin=https://here.example " +
      'access-control-allow-credentials=true {"code":0,"message":"Transport unknown"}',
  },
  {
    title: "a handshake of a page that the app cannot tell about",
    ask: { headers: { origin: "https://unknown.example" }, shows: shows.slice(0, 1) },
    sees: '400 application/json access-control-allow-origin=undefined {"code":3,"message":"Bad request"}',
  },
  {
    title: "a handshake",
    ask: { headers: { origin: "https://here.example" }, shows: shows.slice(0, 2) },
    sees:
      "200 text/plain; charset=UTF-8 access-control-allow-origin=https://here.example " +
      "access-control-allow-credentials=true " +
      '0{"sid":"*","upgrades":["websocket"],"pingInterval":120000,"pingTimeout":120000,"maxPayload":1000000}',
  },
];

describe.each(servers)("CORS of $name", ({ start }) => {
  let server: RunningServer;

  beforeAll(async () => {
    server = await start();
  }, 60_000);

  afterAll(() => server?.stop());

  it.each(rows)("$title", async ({ ask, sees }) => {
    const isParked = () => Promise.resolve(false);
    const settled = () => Promise.resolve();
    const stage = new Stage({ url: server.url, key: "", isParked, settled, left: new Inbox() });

    await stage.ask(ask);

    expect(stage.seen).toEqual([sees]);
  });
});
