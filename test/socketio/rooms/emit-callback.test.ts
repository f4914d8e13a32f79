import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import type { AnySocket } from "../../support/any-socket.ts";
import { answer, asked, type Callback } from "../../support/asking.ts";
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

describe("socket.emit with a callback", () => {
  const noteIn =
    (socket: AnySocket): Callback =>
    (...args) =>
      socket.emit("called", ...args.map((arg) => (arg instanceof Error ? arg.message : arg)));

  it("calls it with all arguments of the answer", async () => {
    const rig = createRig((socket) => socket.emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "a", [1], null);
    await rig.advance(100);

    expect(client.received).toEqual(['42["called","a",[1],null]']);
  });

  it("and a timeout calls it with null first", async () => {
    const rig = createRig((socket) => socket.timeout(100).emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "a", "b");
    await rig.advance(100);

    expect(client.received).toEqual(['42["called",null,"a","b"]']);
  });

  it("and a timeout calls it with an error when there is no answer, and not again when there is", async () => {
    const rig = createRig((socket) => socket.timeout(100).emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    const id = asked(client);
    await rig.advance(100);
    await client.send(`43${id}["late"]`);
    await rig.advance(1_000);

    expect(client.received).toEqual(['42["called","operation has timed out"]']);
    expect(client.isClosed).toBe(false);
  });

  it("and no timeout gives up after 10 s, which is logged", async () => {
    const rig = createRig((socket) => socket.emit("question", noteIn(socket)));
    const client = await rig.connect();

    await client.send('42["ask"]');
    void client.received;
    await rig.advance(9_999);
    const early = rig.logged("core.ack_abandoned").length;
    await rig.advance(1);

    expect(early).toBe(0);
    expect(rig.logged("core.ack_abandoned")).toMatchObject([{ event: "question", nsp: "/" }]);
    expect(client.received).toEqual([]);
    expect(rig.mailbox.left).toEqual([]);
  });

  it("that throws is reported, and harms nobody else", async () => {
    const rig = createRig((socket) =>
      socket.emit("question", () => {
        throw new Error("boom");
      }),
    );
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client);
    await rig.advance(100);
    await client.send('42["other"]');

    expect(rig.logged("core.handler_failed")).toMatchObject([
      { event: "question", error: { message: "boom" } },
    ]);
    expect(client.received).toEqual(['42["other"]']);
  });

  it("takes the timeout for itself and leaves none to the next emit", async () => {
    const rig = createRig((socket) => {
      socket.timeout(100).emit("first");
      socket.emit("question", noteIn(socket));
    });
    const client = await rig.connect();

    await client.send('42["ask"]');
    await answer(client, "a");
    await rig.advance(100);

    expect(client.received).toEqual(['42["called","a"]']);
  });

  it("and volatile hears of a dropped packet as of no answer", async () => {
    const rig = createRig((socket) => socket.timeout(100).volatile.emit("question", noteIn(socket)));
    const client = await rig.connect();

    rig.transport.answer(client.connectionId, "busy");
    await client.send('42["ask"]');
    await rig.advance(100);

    expect(client.received).toEqual(['42["called","operation has timed out"]']);
  });

  it("keeps the order of what is emitted before and after", async () => {
    const rig = createRig((socket) => {
      socket.emit("before");
      socket.emit("question", () => undefined);
      socket.emit("after");
    });
    const client = await rig.connect();

    await client.send('42["ask"]');

    expect(client.received.map((frame) => frame.replace(/^42\d+/, "42"))).toEqual([
      '42["before"]',
      '42["question"]',
      '42["after"]',
    ]);
  });
});
