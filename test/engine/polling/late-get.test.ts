import { describe, expect, it } from "vitest";
import { drain } from "../../support/manual-clock.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

/** Its second look, after 50 and then 62.5 ms. */
const LOOK_LATER_MS = 113;

/**
 * No stock client sends a GET behind its `5`; a row of the official suite does. The two travel by different ways, and meet
 * in the outbox:
 *
 *     5       gateway ──► queue ──► inbox: moves the outbox
 *     GET     HTTP API ──► poll: parks, for 100 ms at most, as beside any probe; looks again
 *
 * A client that is still upgrading waits for its GET to end before it says `5`, so the GET cannot wait for it.
 */
describe("a GET that a client sends behind its 5", () => {
  async function begin() {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => socket.on("echo", (text) => socket.emit("echoed", text)));
      },
      { instances: 3 },
    );
    const client = await PollClient.connect(rig);
    const socket = await client.probe();
    await socket.send("2probe");
    socket.write("5");
    return { rig, client, socket };
  }

  it("is a bad request when the 5 is handled within 100 ms", async () => {
    const { rig, client } = await begin();
    const answer = client.get();
    await drain();

    await rig.clock.advance(50);
    await rig.settle();
    await rig.advance(LOOK_LATER_MS);

    expect(await answer).toMatchObject({ status: 400, body: '{"code":3,"message":"Bad request"}' });
  });

  it("ends with a noop when it takes longer, and the client moves all the same", async () => {
    const { rig, client, socket } = await begin();
    const answer = client.get();
    await drain();

    await rig.clock.advance(LOOK_LATER_MS);
    const { status, body } = await answer;
    await rig.settle();
    void socket.received;
    await socket.send('42["echo","a"]');

    expect([status, body]).toEqual([200, "6"]);
    expect(socket.received).toEqual(['42["echoed","a"]']);
    expect(await client.get()).toMatchObject({ status: 400 });
  });
});
