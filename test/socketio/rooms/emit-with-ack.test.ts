import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import type { AnySocket } from "../../support/any-socket.ts";
import { answer, asked, countCalls, endInvocations } from "../../support/asking.ts";
import { Rig, type RigOptions } from "../../support/rig.ts";

/** An app whose handler of `ask` asks the client itself. */
const createRig = (onAsk: (socket: AnySocket) => unknown, options: RigOptions = {}) =>
  new Rig(
    (io: Server) =>
      io.on("connection", (socket) => {
        socket.on("ask", () => onAsk(socket));
        socket.on("other", () => socket.emit("other"));
      }),
    { instances: 3, ...options },
  );

/** What comes of a promise, as an event. */
const tell = (socket: AnySocket, asking: Promise<unknown>): Promise<unknown> =>
  asking.then(
    (value) => socket.emit("heard", value),
    (error: Error & { code?: string }) => socket.emit("failed", error.message, error.code),
  );

describe("socket.emitWithAck", () => {
  it("resolves with the first argument of the client's answer", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("question", 1)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "yes", "no");
    await rig.advance(1_000);

    expect(client.received).toEqual(['42["heard","yes"]']);
    expect(rig.mailbox.left).toEqual([]);
  });

  it.each([0, 500, -1, NaN])("rejects after timeout(%d)", async (ms) => {
    const rig = createRig((socket) => tell(socket, socket.timeout(ms).emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    if (ms === 500) await rig.advance(499);
    const early = client.received;
    await rig.advance(1);

    const failed = '42["failed","operation has timed out","core.ack_timeout"]';
    expect([...early.slice(1), ...client.received]).toEqual([failed]);
    expect(early.includes(failed)).toBe(ms !== 500);
  });

  it("gives an answer that comes in the last moment its due", async () => {
    const rig = createRig((socket) => tell(socket, socket.timeout(500).emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    const id = asked(client);
    await rig.advance(499);
    await client.send(`43${id}["just"]`);
    await rig.advance(1);

    expect(client.received).toEqual(['42["heard","just"]']);
  });

  it("without a time waits until shortly before its invocation ends, and says so", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("question")));
    endInvocations(rig, 30_000);
    const client = await rig.connect();

    await client.send('42["ask"]');
    void client.received;
    await rig.advance(27_999);
    const early = client.received;
    await rig.advance(1);

    expect(early).toEqual([]);
    expect(client.received).toEqual([expect.stringContaining('"core.ack_cut_short"')]);
  });

  it.each([
    [3, 8, 1],
    [30, 50, 2],
    [60, 134, 3],
  ])("given after %i ms is seen after %i, with %i reads", async (answeredMs, seenMs, reads) => {
    const rig = createRig((socket) => tell(socket, socket.timeout(10_000).emitWithAck("question")));
    const client = await rig.connect();
    await client.send('42["ask"]');
    await rig.advance(answeredMs);
    await answer(client, "yes");

    await rig.advance(seenMs - answeredMs - 1);
    const early = client.received;
    await rig.advance(1);

    expect(early).not.toContain('42["heard","yes"]');
    expect(client.received).toContain('42["heard","yes"]');
    expect(countCalls(rig, "store.listAnswers")).toBe(reads);
  });

  it("looks for the answer less often the longer it waits", async () => {
    const rig = createRig((socket) => tell(socket, socket.timeout(10_000).emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await rig.advance(10_000);

    expect(countCalls(rig, "store.listAnswers")).toBe(30);
  });

  it("is waited for by its turn, though the handler does not", async () => {
    const rig = createRig((socket) => void tell(socket, socket.emitWithAck("question")));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await rig.advance(5_000);
    await answer(client, "late enough");
    await rig.advance(1_000);

    expect(client.received).toEqual(['42["heard","late enough"]']);
    expect(rig.logged("core.stray_effect")).toEqual([]);
  });

  it("rejects for what emit throws for, with nothing sent", async () => {
    const rig = createRig((socket) => tell(socket, socket.emitWithAck("disconnect")));
    const client = await rig.connect();

    await client.send('42["ask"]');

    expect(client.received).toEqual([expect.stringContaining('"protocol.reserved_event"')]);
    expect(countCalls(rig, "store.expectAnswers")).toBe(0);
  });

  it("rejects at once in a handler of disconnect, where nothing can be sent", async () => {
    const failures: string[] = [];
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("disconnect", () =>
          socket.emitWithAck("question").catch((error: Error) => void failures.push(error.message)),
        );
      });
    });
    const client = await rig.connect();

    await client.leave();

    expect(failures).toEqual(["operation has timed out"]);
    expect(rig.mailbox.left).toEqual([]);
  });
});
