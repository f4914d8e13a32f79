import { expect, it } from "vitest";
import { begin, comeBack, hall } from "../../support/recovery-scene.ts";

it("a client that gets its state back joins its rooms again, for those who listen to them, and is in them", async () => {
  const told: string[] = [];
  const scene = await begin({}, (io) => {
    for (const event of ["create-room", "join-room", "leave-room", "delete-room"] as const)
      io.of("/").adapter.on(event, (...args: string[]) => void told.push([event, ...args].join(" ")));
    hall(io);
  });
  const { rig, guest, speaker, first, auth } = scene;
  await guest.send('42["enter","annexe"]');
  await rig.advance(1_000);
  told.length = 0;

  await guest.leave();
  await rig.advance(1_000);
  const left = told.splice(0);
  const { client, told: welcome } = await comeBack(scene, auth);
  await rig.settle();

  const id = first.sid;
  expect(left).toEqual([
    `leave-room ${id} ${id}`,
    `delete-room ${id}`,
    `leave-room hall ${id}`,
    `leave-room annexe ${id}`,
    "delete-room annexe",
  ]);
  expect(welcome.sid).toBe(id);
  expect(told).toEqual([
    `create-room ${id}`,
    `join-room ${id} ${id}`,
    `join-room hall ${id}`,
    "create-room annexe",
    `join-room annexe ${id}`,
  ]);
  await speaker.send('42["union","welcome"]');
  expect(client.received.some((frame) => frame.includes("welcome"))).toBe(true);
});
