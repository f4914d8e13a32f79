import { describe, expect, it } from "vitest";
import { begin, comeBack, hall, toEvents } from "../../support/recovery-scene.ts";

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

describe("rooms of a client that gets its state back are in the order in which it had them", () => {
  it.each([
    { title: "behind what a middleware has joined", leaves: [], enters: [], are: ["early", "own", "hall"] },
    {
      title: "at the end, where it had left its own",
      leaves: ["own"],
      enters: [],
      are: ["early", "hall", "own"],
    },
    {
      title: "where it has joined its own anew",
      leaves: ["own"],
      enters: ["x", "own", "y"],
      are: ["early", "hall", "x", "own", "y"],
    },
  ])("$title, twice, whether anybody listens to them or not", async ({ leaves, enters, are }) => {
    for (const isHeard of [false, true]) {
      const scene = await begin({}, (io) => {
        if (isHeard) io.of("/").adapter.on("join-room", () => undefined);
        io.use((socket, next) => {
          void socket.join("early");
          next();
        });
        hall(io);
        io.on("connection", (socket) => {
          const toRoom = (room: string) => (room === "own" ? socket.id : room);
          socket.on("leave", (room: string) => socket.leave(toRoom(room)));
          socket.on("enter all", (rooms: string[]) => socket.join(rooms.map(toRoom)));
          socket.on("rooms", () =>
            socket.emit("rooms", [...socket.rooms].map((room) => (room === socket.id ? "own" : room)).join()),
          );
        });
      });
      for (const room of leaves) await scene.guest.send(`42["leave","${room}"]`);
      await scene.rig.advance(1_000);
      if (enters.length > 0) await scene.guest.send(`42["enter all",${JSON.stringify(enters)}]`);
      await scene.rig.advance(1_000);

      let { guest } = scene;
      for (let times = 0; times < 2; times += 1) {
        await guest.leave();
        await scene.rig.advance(1_000);
        const { client, told } = await comeBack(scene, scene.auth);
        expect(told.sid).toBe(scene.first.sid);
        await client.send('42["rooms"]');

        expect(toEvents(client.received)).toContainEqual(["rooms", are.join()]);
        guest = client;
      }
    }
  });
});
