import type { Server as OfficialServer } from "socket.io";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Inbox } from "../support/inbox.ts";
import { startOfficial, type RunningServer } from "../support/official-server.ts";
import { startOurs } from "../support/our-server.ts";
import { readRows, sidOf } from "../support/table-rows.ts";
import { WireClient } from "../support/wire-client.ts";
import { installHttp } from "./apps/http.ts";
import { handshakeRows, pollingRows } from "./http-rows.ts";
import { httpSettings } from "./http-settings.ts";
import { Stage } from "./http-stage.ts";
import { upgradeRows } from "./http-upgrade-rows.ts";

interface Subject extends RunningServer {
  readonly isParked: (sid: string) => Promise<boolean>;
  /** Resolves when all that the app has done is where a client may fetch it. */
  readonly settled: () => Promise<void>;
}

async function startOurSubject(): Promise<Subject> {
  const server = await startOurs(import.meta.url, "./apps/http-app.ts");
  const isParked = async (sid: string): Promise<boolean> => {
    const rows = await readRows(server);
    return rows.some((row) => row.identity.kind === "outbox" && sidOf(row) === sid && "getId" in row.item);
  };
  return { url: server.url, stop: () => server.stop(), isParked, settled: () => server.idle() };
}

async function startOfficialSubject(): Promise<Subject> {
  let io: OfficialServer | undefined;
  const server = await startOfficial((official) => {
    io = official;
    installHttp(official);
  }, httpSettings);
  /** There is no public way to ask. */
  const { clients } = io?.engine as unknown as {
    clients: Record<string, { transport: { writable: boolean } }>;
  };
  const isParked = (sid: string): Promise<boolean> =>
    Promise.resolve(clients[sid]?.transport.writable === true);
  return { ...server, isParked, settled: () => Promise.resolve() };
}

const subjects = [
  { name: "ours", isOurs: true, start: startOurSubject },
  { name: "the official server", isOurs: false, start: startOfficialSubject },
];

const tables = { handshakeRows, pollingRows, upgradeRows };

describe.each(subjects)("requests and answers of $name", ({ isOurs, start }) => {
  let subject: Subject;
  let watcher: WireClient;
  let rowNumber = 0;
  const left = new Inbox<{ readonly row: string; readonly reason: string }>();

  beforeAll(async () => {
    subject = await start();
    watcher = await WireClient.open(subject.url, { connect: "40/watch," });
    watcher.onFrame = (frame) => {
      if (!frame.startsWith('42/watch,["left"')) return;
      const [, row, , reason] = JSON.parse(frame.slice("42/watch,".length)) as [
        string,
        string,
        string,
        string,
      ];
      left.push({ row, reason });
    };
    await watcher.frame('42/watch,["watching"]');
  }, 60_000);

  afterAll(async () => {
    watcher?.hangUp();
    await subject?.stop();
  });

  describe.each(Object.entries(tables))("%s", (_, rows) => {
    it.each(rows)("$title", async ({ play, sees, ours }) => {
      const { url, isParked, settled } = subject;
      const stage = new Stage({ url, isParked, settled, left, key: `row ${rowNumber++}` });
      try {
        await play(stage);
      } finally {
        stage.hangUp();
      }

      expect(stage.seen).toEqual(isOurs && ours !== undefined ? ours.sees : sees);
    });
  });
});
