import { describe, expect, it } from "vitest";
import { createOffset } from "../../../lib/ids.ts";
import {
  MINUTE,
  join,
  toEvents,
  offsetIn,
  hall,
  type Scene,
  begin,
  comeBack,
} from "../../support/recovery-scene.ts";

describe("connection state recovery", () => {
  it("gives back id, rooms, data and what was missed, in order", async () => {
    const scene = await begin();
    const { guest, speaker, first, auth } = scene;
    await guest.send('42["name","ann"]');
    await guest.leave();
    await speaker.send('42["say","two"]', '42["say","three"]');

    const { client, told } = await comeBack(scene, auth);
    await client.send('42["who"]');
    await speaker.send('42["say","four"]');

    expect(told).toEqual({
      sid: first.sid,
      pid: first.pid,
      before: [
        ["said", "two"],
        ["said", "three"],
      ],
    });
    expect(toEvents(client.received)).toEqual([
      ["you", 2, { name: "ann" }, true],
      ["said", "four"],
    ]);
  });

  it("gives back what the client lets go a second time", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.speaker.send('42["say","two"]');
    const again = await comeBack(scene, scene.auth);
    await again.client.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });

  it.each([
    ["an unknown pid", { pid: "A".repeat(20), offset: createOffset(0) }],
    ["a malformed pid", { pid: 7, offset: createOffset(0) }],
    ["a malformed offset", { offset: "yesterday" }],
    ["no offset", { offset: undefined }],
  ])("begins anew with %s", async (_, shown) => {
    const scene = await begin();
    await scene.guest.leave();

    const { told } = await comeBack(scene, { ...scene.auth, ...shown });

    expect(told.sid).not.toBe(scene.first.sid);
    expect(told.before).toEqual([]);
  });

  it.each([
    ["the client has left", async ({ guest }: Scene) => guest.send("41")],
    ["the server has sent it away", async ({ guest }: Scene) => guest.send('42["kick"]')],
    [
      "it was away too long",
      async ({ rig, guest }: Scene) => {
        await guest.leave();
        await rig.advance(2 * MINUTE + 1);
      },
    ],
  ])("begins anew when %s", async (_, end) => {
    const scene = await begin();
    await end(scene);
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("begins anew when a recovered client has left", async () => {
    const scene = await begin();
    await scene.guest.leave();
    const { client } = await comeBack(scene, scene.auth);
    await client.send("41");
    await client.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("begins anew in another namespace", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.of("/other").on("connection", () => undefined);
    });
    await scene.guest.leave();
    const client = await scene.rig.open();

    const told = await join(client, scene.auth, "/other,");

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("works at the age limit of a connection", async () => {
    const scene = await begin();
    await scene.rig.advance(120 * MINUTE - 10_000);
    await scene.speaker.send('42["say","two"]');
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "two"]] });
  });

  it("gives two namespaces of one connection back, one after the other", async () => {
    const scene = await begin({}, (io) => {
      hall(io);
      io.of("/other").on("connection", (socket) => {
        if (!socket.recovered) void socket.join("nook");
        socket.on("where", () => socket.emit("here", [...socket.rooms].length));
      });
    });
    const other = await join(scene.guest, undefined, "/other,");
    await scene.guest.send('42/other,["where"]');
    const offset = offsetIn(scene.guest.received.at(-1));
    await scene.guest.leave();
    const client = await scene.rig.open();

    const told = [await join(client, scene.auth), await join(client, { pid: other.pid, offset }, "/other,")];

    expect(told.map(({ sid }) => sid)).toEqual([scene.first.sid, other.sid]);
  });
});
