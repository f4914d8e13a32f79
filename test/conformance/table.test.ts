import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Inbox } from "../support/inbox.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { WireClient } from "../support/wire-client.ts";
import { installTable } from "./apps/table.ts";
import { ackRows, binaryRows, connectRows, disconnectRows, engineRows, eventRows, type Row } from "./rows.ts";
import { settings } from "./settings.ts";

interface Server {
  readonly name: string;
  readonly isOurs: boolean;
  start(): Promise<RunningServer>;
}

const servers: readonly Server[] = [
  { name: "ours", isOurs: true, start: () => startOurs(import.meta.url, "./apps/table-app.ts") },
  { name: "the official server", isOurs: false, start: () => startOfficial(installTable, settings) },
];

const tables = { engineRows, connectRows, disconnectRows, eventRows, ackRows, binaryRows };

/** API Gateway closes with 1000; the official server sends no status. */
const PLAIN_CLOSE = { ours: 1000, official: 1005 };

describe.each(servers)("frames and reactions of $name", ({ start, isOurs }) => {
  let server: RunningServer;
  let watcher: WireClient;
  let rowNumber = 0;
  const left = new Inbox<{ row: string; nsp: string; reason: string }>();

  beforeAll(async () => {
    server = await start();
    watcher = await WireClient.open(server.url, { connect: "40/watch," });
    watcher.onFrame = (frame) => {
      if (!frame.startsWith('42/watch,["left"')) return;
      const [, row, nsp, reason] = JSON.parse(frame.slice("42/watch,".length)) as [
        string,
        string,
        string,
        string,
      ];
      left.push({ row, nsp, reason });
    };
    await watcher.frame('42/watch,["watching"]');
  }, 60_000);

  afterAll(async () => {
    watcher.hangUp();
    await server.stop();
  });

  const leaving = (row: string, nsp: string): Promise<{ reason: string }> =>
    left.take(
      (one) => one.row === row && one.nsp === nsp,
      () =>
        `expected ${nsp} to report its disconnect for ${row}, got ${JSON.stringify(left.untaken.slice(-3))}`,
    );

  describe.each(Object.entries(tables))("%s", (_, rows) => {
    const titled = rows.map((row) => ({ row, title: describeRow(row) }));
    it.concurrent.each(titled)("$title", async ({ row }) => {
      const expected = isOurs && row.ours !== undefined ? { ...row, ...row.ours } : row;
      const key = `row ${rowNumber++}`;
      const client = await WireClient.open(server.url, {
        ...(row.from === "connected" ? { connect: `40{"row":"${key}"}` } : {}),
      });
      const already = client.frames.length;

      for (const step of row.sends) {
        if (typeof step === "string") client.send(step.replace("ROW", key));
        else if (step instanceof Uint8Array) client.send(Buffer.from(step));
        else if ("awaits" in step) await client.frame(step.awaits);
        else await leaving(key, step.leaves);
      }

      if (expected.ends === undefined) await proveAlive(client, row);
      else {
        const { code } = await client.closed();
        expect(code).toBe(expected.code ?? (isOurs ? PLAIN_CLOSE.ours : PLAIN_CLOSE.official));
        for (const [nsp, reason] of Object.entries(expected.ends)) {
          expect((await leaving(key, nsp)).reason).toBe(reason);
        }
      }
      const got = client.frames
        .slice(already)
        .map((frame) => frame.replaceAll(/"sid":"[^"]+"/g, '"sid":"*"'));
      expect(got).toEqual([...(expected.gets ?? []), ...(expected.ends === undefined ? [markOf(row)] : [])]);
      client.hangUp();
    });
  });
});

/** A frame whose answer comes after everything the row's frames could have caused. */
async function proveAlive(client: WireClient, row: Row): Promise<void> {
  if (row.from === "connected") client.send('42["marker"]');
  else client.send("40/late,");
  await client.frame(row.from === "connected" ? '42["marked"]' : "40/late,");
}

const markOf = (row: Row): string => (row.from === "connected" ? '42["marked"]' : '40/late,{"sid":"*"}');

function describeRow({ from, sends, ends }: Row): string {
  const frames = sends
    .filter((step) => typeof step === "string" || step instanceof Uint8Array)
    .map((frame) =>
      typeof frame === "string" ? JSON.stringify(frame) : `binary ${Buffer.from(frame).toString("hex")}`,
    )
    .map((text) => (text.length > 60 ? `${text.slice(0, 40)}… (${text.length})` : text));
  const reaction =
    ends === undefined ? "stays open" : `is closed (${Object.values(ends).join(", ") || "no socket yet"})`;
  return `${from}, after ${frames.join(" ")} it ${reaction}`;
}
