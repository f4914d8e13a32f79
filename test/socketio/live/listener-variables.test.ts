import { expect, it } from "vitest";
import { socketVariables } from "../../../lib/live.ts";
import { Rig } from "../../support/rig.ts";
import { ask } from "./live-rig.ts";

interface Room {
  n: number;
}
type Answer = (value: unknown) => void;

it("a variable of the listener that is given what a live value has is told to have a copy, once", async () => {
  const rig = new Rig(
    (io) => {
      const rooms = io.live<Record<string, Room>>("rooms", { hall: { n: 0 } });
      io.on("connection", (socket) => {
        const $v = socketVariables(socket, "listener", { my: null as Room | null, own: null as Room | null });
        socket.on("enter", (_: unknown, answer: Answer) => {
          $v.my = rooms["hall"]!;
          $v.own = { n: 5 };
          $v.own = $v.own;
          answer("in");
        });
        socket.on("count", (_: unknown, answer: Answer) => {
          $v.my!.n += 1;
          answer([$v.my!.n, rooms["hall"]!.n]);
        });
      });
    },
    { instances: 2 },
  );
  const client = await rig.connect();

  await ask(client, "enter");
  await ask(client, "enter");
  const counts = [await ask(client, "count"), await ask(client, "count")];

  const told = rig.logs.flatMap(({ error }) =>
    (error as { code?: string } | undefined)?.code === "core.live_shared_object"
      ? [(error as Error).message]
      : [],
  );
  expect(told.length).toBeGreaterThan(0);
  expect(told.every((message) => message.includes("the variable my of the listener"))).toBe(true);
  expect(counts).toEqual([
    [1, 0],
    [2, 0],
  ]);
});
