import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { type RigOptions } from "../../support/rig.ts";
import {
  MINUTE,
  join,
  offsetIn,
  hall,
  build,
  type Scene,
  begin,
  comeBack,
} from "../../support/recovery-scene.ts";

describe("middlewares and recovery", () => {
  const guarded = (io: Server): void => {
    hall(io);
    io.use((socket, next) => {
      socket.emit("asked");
      next(socket.handshake.auth["banned"] === true ? new Error("banned") : undefined);
    });
  };

  it("are left out for a client that is recovered", async () => {
    const scene = await begin({}, guarded);
    await scene.guest.leave();

    const { told } = await comeBack(scene, { ...scene.auth, banned: true });

    expect(told).toMatchObject({ sid: scene.first.sid, before: [] });
  });

  it("run when they are not to be skipped, and what they send comes once", async () => {
    const scene = await begin({ connectionStateRecovery: { skipMiddlewares: false } }, guarded);
    await scene.guest.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["asked"]] });
  });

  it("may refuse, and the client may ask again on the same connection", async () => {
    const scene = await begin({ connectionStateRecovery: { skipMiddlewares: false } }, guarded);
    await scene.guest.leave();
    const client = await scene.rig.open();
    await client.send(`40${JSON.stringify({ ...scene.auth, banned: true })}`);
    expect(client.received.at(-1)).toBe('44{"message":"banned"}');

    const told = await join(client, scene.auth);

    expect(told.sid).toBe(scene.first.sid);
  });
});

/** A stock client that a middleware refuses closes its connection, if that was its only namespace, and opens another. */

describe("a client that shows no offset", () => {
  const options: RigOptions = { connectionStateRecovery: { withoutEvents: true } };

  async function come(): Promise<Scene> {
    const rig = await build(options);
    const [guest, speaker] = [await rig.open(), await rig.open()];
    const first = await join(guest);
    await join(speaker);
    await rig.advance(1_000);
    return { rig, guest, speaker, first, auth: { pid: first.pid, offset: "" } };
  }

  it("is sent all since it connected, if the option says so", async () => {
    const scene = await come();
    await scene.guest.leave();
    await scene.speaker.send('42["say","one"]');

    const { told } = await comeBack(scene, { pid: scene.first.pid });

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "one"]] });
  });

  it("is sent it again when it has not heard of its recovery", async () => {
    const scene = await come();
    await scene.guest.leave();
    await scene.speaker.send('42["say","one"]');
    const { client } = await comeBack(scene, { pid: scene.first.pid });
    await scene.rig.advance(1_000);
    await client.leave();

    const { told } = await comeBack(scene, { pid: scene.first.pid });

    expect(told).toMatchObject({ sid: scene.first.sid, before: [["said", "one"]] });
  });
});

describe("the time for which a client may be away", () => {
  it("counts from its first loss when it never hears of its recoveries", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.rig.advance(MINUTE);
    const { client } = await comeBack(scene, scene.auth);
    await client.leave();
    await scene.rig.advance(MINUTE + 1);

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).not.toBe(scene.first.sid);
  });

  it("counts anew when it has heard an event meanwhile", async () => {
    const scene = await begin();
    await scene.guest.leave();
    await scene.rig.advance(MINUTE);
    const { client } = await comeBack(scene, scene.auth);
    await scene.speaker.send('42["say","two"]');
    const offset = offsetIn(client.received.at(-1));
    await client.leave();
    await scene.rig.advance(MINUTE + 1);

    const { told } = await comeBack(scene, { ...scene.auth, offset });

    expect(told.sid).toBe(scene.first.sid);
  });

  it("counts anew when its last connection lasted", async () => {
    const scene = await begin();
    await scene.guest.leave();
    const { client } = await comeBack(scene, scene.auth);
    await scene.rig.advance(10 * MINUTE);
    await client.leave();

    const { told } = await comeBack(scene, scene.auth);

    expect(told.sid).toBe(scene.first.sid);
  });
});
