import path from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { EventStream } from "../../../infra/local/inspector/event-stream.ts";
import type { InspectorEvent, Told } from "../../../infra/local/inspector/inspector-events.ts";
import { createSid } from "../../../lib/ids.ts";
import { sessionTag } from "../../../lib/log.ts";

interface Row {
  readonly key: number;
  readonly type: string;
  readonly text?: string;
  readonly pid?: number;
  readonly run?: unknown;
}

/** What the page knows: `infra/inspector/model.js`, as the browser gets it. */
interface Model {
  readonly rows: readonly Row[];
  readonly sessions: ReadonlyMap<string, { readonly ended?: unknown; readonly transport: string }>;
  readonly instances: ReadonlyMap<number, unknown>;
  readonly packets: number;
  readonly forgotten: number;
  readonly sizes: Readonly<Record<string, number>>;
  take(events: readonly InspectorEvent[]): void;
}

const file = path.resolve(import.meta.dirname, "../../../infra/inspector/model.js");
let createModel: () => Model;

beforeAll(async () => {
  const { Model } = (await import(pathToFileURL(file).href)) as { Model: new () => Model };
  createModel = () => new Model();
});

const NOW_MS = Date.UTC(2026, 0, 1);

/** All that a packet of a chat causes, on one of two instances. */
function tellPacket(tell: (told: Told) => void, index: number, sid: string): void {
  const [letter, invocation, pid] = [`letter ${index}`, `invocation ${index}`, 100 + (index % 2)];
  const about = { session: sessionTag(sid), sid, connection: `c of ${sid}` };
  const cause = { invocation, letter, index: 0 };
  const text = `42${index}["say","message ${index}"]`;
  const where = { queue: "q", group: sid, lane: "main", frames: 1, bytes: text.length } as const;
  tell({ type: "letter", letter, kind: "frame", ...about, ...where, texts: [text] });
  tell({ type: "batch", invocation, queue: "q", letters: [{ letter, waitedMs: 1, receives: 1 }] });
  tell({ type: "invocation", invocation, kind: "batch", function: "inbox", pid, cold: false, traced: true });
  tell({ type: "table", cause, action: "Query", keys: ["pk sk"], readUnits: 1, writeUnits: 0, ms: 1 });
  tell({ type: "post", cause, ...about, text: `42["message",${index}]`, bytes: 20, status: 200 });
  tell({ type: "packet", invocation, pid, letter, index: 0, startedMs: NOW_MS, ms: 2, handlers: [] });
  tell({ type: "invocation.ended", invocation, pid, outcome: "answered", ms: 3 });
}

function connectAndLeave(tell: (told: Told) => void, sid: string): void {
  const about = { session: sessionTag(sid), connection: `c of ${sid}` };
  tell({ type: "connection.opened", ...about, sid, openedAtMs: NOW_MS });
  tell({ type: "connection.closed", ...about, code: 1001, reason: "" });
}

/** As the runtime numbers what it is told, and the page takes what it sends. */
function play(model: Model, script: (tell: (told: Told) => void) => void): void {
  const stream = new EventStream();
  stream.subscribe((events) => model.take(events));
  script((told) => stream.tell(told));
  stream.flush();
  stream.stop();
}

describe("what the page of the inspector keeps", () => {
  it("is bounded after ten thousand packets of as many clients, each of which has left", () => {
    const model = createModel();
    play(model, (tell) => {
      for (let index = 0; index < 10_000; index += 1) {
        const sid = createSid(NOW_MS + index);
        tellPacket(tell, index, sid);
        connectAndLeave(tell, sid);
        tell({ type: "instance", pid: 1_000 + index, function: "inbox", state: "ended", reason: "killed" });
      }
    });

    expect(model.packets).toBe(10_000);
    expect(model.rows.length).toBeLessThanOrEqual(3_200);
    expect(model.rows.length + model.forgotten).toBe(20_000);
    expect(model.sessions.size).toBeLessThanOrEqual(12);
    expect(model.instances.size).toBeLessThanOrEqual(8);
    for (const size of Object.values(model.sizes)) expect(size).toBeLessThanOrEqual(3_200);
  });

  it("has each packet once, in order, with the instance that ran it", () => {
    const model = createModel();
    const sid = createSid(NOW_MS);
    play(model, (tell) => {
      for (let index = 0; index < 1_000; index += 1) tellPacket(tell, index, sid);
    });

    const came = model.rows.filter(({ type }) => type === "in");
    expect(came.map(({ text, pid }) => `${text} on ${pid}`)).toEqual(
      Array.from(
        { length: 1_000 },
        (_, index) => `42${index}["say","message ${index}"] on ${100 + (index % 2)}`,
      ),
    );
    expect(new Set(came.map(({ key }) => key)).size).toBe(1_000);
    expect(came.filter(({ run }) => run === undefined)).toEqual([]);
  });

  it("has a session that polls on when the WebSocket that was to take it over has closed", () => {
    const [polling, moved] = [createSid(NOW_MS, { onPolling: true }), createSid(NOW_MS, { onPolling: true })];
    const model = createModel();
    play(model, (tell) => {
      connectAndLeave(tell, polling);
      const about = { session: sessionTag(moved), connection: "c" };
      tell({ type: "connection.opened", ...about, sid: moved, openedAtMs: NOW_MS });
      const where = { queue: "q", group: moved, lane: "main", frames: 1, bytes: 1 } as const;
      tell({ type: "letter", letter: "l", kind: "frame", ...about, sid: moved, ...where, texts: ["5"] });
      tell({ type: "connection.closed", ...about, code: 1001, reason: "" });
    });

    expect(model.sessions.get(sessionTag(polling))).toMatchObject({ transport: "polling" });
    expect(model.sessions.get(sessionTag(polling))?.ended).toBeUndefined();
    expect(model.sessions.get(sessionTag(moved))).toMatchObject({ transport: "websocket", ended: "1001" });
  });
});
