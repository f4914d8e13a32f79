import { describe, expect, it } from "vitest";
import type { Letter } from "../../../lib/engine/letter.ts";
import { liveRows, noRows, PollClient } from "../../support/poll-client.ts";
import { endSession, reportClosed } from "../../../lib/engine/end-session.ts";
import { Rig } from "../../support/rig.ts";

const unknown = { status: 400, body: '{"code":1,"message":"Session ID unknown"}' };
const MINUTE = 60_000;

function build(options = {}) {
  const left: string[] = [];
  const rig = new Rig(
    (io) => {
      io.on("connection", (socket) => {
        socket.on("never answered", () => undefined);
        socket.on("disconnect", (reason) => left.push(reason));
      });
    },
    { instances: 2, ...options },
  );
  return { rig, left };
}

/** The queue hands over a packet of the client again: whoever had it before was killed. */
async function crash(rig: Rig, { sid }: PollClient): Promise<void> {
  const texts = ['42["never answered"]'];
  const letter: Letter = { kind: "payload", sid, atMs: rig.clock.nowMs(), texts, lane: "main" };
  const failed = await rig.instances[0]!.inbox.receive([{ letter, id: "1", redelivered: true }]);
  expect(failed).toEqual([]);
  await rig.settle();
}

/** Polls and answers its pings until a sweep ends its session: resolves with the GET that was parked then, if one was. */
async function growOld(
  rig: Rig,
  client: PollClient,
  left: readonly string[],
  parks: boolean,
): Promise<string[]> {
  const bodies: string[] = [];
  for (let minute = 0; minute < 120; minute += 1) {
    const parked = parks ? await client.park() : undefined;
    await rig.sweep();
    if (parked === undefined && left.length > 0) return bodies;
    const answered = parked ?? (await client.park());
    await rig.advance(20_000);
    const body = (await answered.answer).body.toString();
    bodies.push(body);
    if (left.length > 0) return bodies;
    if (body.includes("2")) await client.send("3");
    await rig.advance(40_000);
  }
  throw new Error("expected the session to be ended by its age, got none");
}

describe("a polling client whose server crashed", () => {
  it("hears no close: its GET ends with a noop, and the next one finds no session", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);
    const parked = await client.park();

    await crash(rig, client);
    await rig.advance(50);

    expect(rig.logged("core.redelivered_frame")).toHaveLength(1);
    expect(await parked.answer).toMatchObject({ status: 200, body: "6" });
    expect(await client.get()).toMatchObject(unknown);
    expect(left).toEqual(["transport error"]);
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("finds no session when no GET was parked", async () => {
    const { rig, left } = build();
    const client = await PollClient.connect(rig);

    await crash(rig, client);

    expect(await client.get()).toMatchObject(unknown);
    expect(left).toEqual(["transport error"]);
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("hears no close from the letter either, when the instance that ended the session crashed behind it", async () => {
    const { rig } = build({ instances: 1 });
    const client = await PollClient.connect(rig);
    const parked = await client.park();
    const { sid } = client;

    await reportClosed(rig.instances[0]!.runtime, sid, undefined, "transport error", true);
    await rig.settle();
    await rig.advance(50);

    expect(await parked.answer).toMatchObject({ status: 200, body: "6" });
    expect(await client.get()).toMatchObject(unknown);
  });
});

describe("a polling client whose session is as old as a connection may get", () => {
  const timing = { pingInterval: 4 * MINUTE, pingTimeout: 2 * MINUTE };

  it("hears no close: its GET ends with a noop, and the next one finds no session", async () => {
    const { rig, left } = build(timing);
    const client = await PollClient.connect(rig);

    const bodies = await growOld(rig, client, left, true);

    expect(bodies.length).toBeGreaterThan(100);
    expect(bodies).not.toContain("1");
    expect(bodies.at(-1)).toBe("6");
    expect(await client.get()).toMatchObject(unknown);
    expect(left).toEqual(["transport close"]);
    expect(liveRows(rig)).toEqual(noRows);
  });

  it("fetches what waits for it, with no close behind it, when no GET was parked", async () => {
    const { rig, left } = build(timing);
    const client = await PollClient.connect(rig);
    await growOld(rig, client, left, false);
    const aged = await PollClient.connect(rig);

    rig.io.emit("kept");
    await rig.io.flush();
    await endSession(rig.instances[0]!.runtime, aged.sid, undefined, "transport close");
    await rig.settle();

    expect(await client.fetch()).toBe("6");
    expect(await client.get()).toMatchObject(unknown);
    expect(await aged.fetch()).toBe('42["kept"]\x1e6');
    expect(await aged.get()).toMatchObject(unknown);
    expect(left).toEqual(["transport close", "transport close"]);
    expect(liveRows(rig)).toEqual(noRows);
  });
});
