import type { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import type { Socket } from "socket.io-client";
import { describe, expect, it } from "vitest";
import type { GameView, Mark } from "../../examples/tic-tac-toe/events.ts";
import * as rules from "../../examples/tic-tac-toe/game.ts";
import { Clients, next } from "../testing/clients.ts";

const ada = { player: "ada-ada-ada-ada-ada", name: "Ada" };
const bo = { player: "bo-bo-bo-bo-bo-bo-bo", name: "Bo" };

/** The next game that a player is shown which is like that. */
const sees = (socket: Socket, isIt: (view: GameView) => boolean): Promise<[GameView, Mark]> =>
  new Promise((resolve) => {
    const onGame = (view: GameView | null, you: Mark) => {
      if (view === null || !isIt(view)) return;
      socket.off("game", onGame);
      resolve([view, you]);
    };
    socket.on("game", onGame);
  });

it("two people play to the end, on whichever instances, and one of them leaves", async () => {
  const app = new URL("../../examples/tic-tac-toe/server.ts", import.meta.url).href;
  const load = (instance: number) => import(`${app}?${instance}`) as Promise<{ io: Server }>;
  const server = await serve(load, { instances: 3 });
  const clients = new Clients();
  const [first, second] = [
    clients.connect(server.url, { auth: ada }),
    clients.connect(server.url, { auth: bo }),
  ];
  await Promise.all([next(first, "game"), next(second, "game")]);
  const waits = next(second, "lobby");

  expect(await first.emitWithAck("open")).toMatchObject({ ok: true });
  const [[entry]] = (await waits) as [[{ id: string; names: string[] }]];
  expect(entry.names).toEqual(["Ada"]);
  const begins = sees(first, ({ phase }) => phase === "playing");
  expect(await second.emitWithAck("sit", entry.id)).toMatchObject({ ok: true });
  const [view, you] = await begins;
  expect([view.players, view.turn, you]).toEqual([{ X: { name: "Ada" }, O: { name: "Bo" } }, "X", "X"]);

  expect(await second.emitWithAck("move", 0)).toEqual({ ok: false, error: "That is no move now." });
  const over = sees(second, ({ phase }) => phase === "over");
  for (const [index, cell] of [0, 3, 1, 4, 2].entries())
    expect(await [first, second][index % 2]!.emitWithAck("move", cell)).toMatchObject({ ok: true });
  expect((await over)[0]).toMatchObject({
    cells: "XXXOO    ",
    result: { how: "line", winner: "X", line: [0, 1, 2] },
  });

  const again = sees(second, ({ phase }) => phase === "playing");
  expect(await first.emitWithAck("again")).toMatchObject({ ok: true });
  expect((await again)[1]).toBe("X");
  const left = sees(second, ({ phase }) => phase === "over");
  expect(await first.emitWithAck("leave")).toMatchObject({ ok: true });
  expect((await left)[0].result).toEqual({ how: "left", winner: "X" });

  clients.closeAll();
  await server.close();
});

describe("the rules", () => {
  const begun = rules.sitDown(rules.openGame("game", ada), bo, 20_000);

  it("end a game in a draw, and refuse what is no move", () => {
    const players = [ada.player, bo.player];
    const drawn = [0, 1, 2, 4, 3, 5, 7, 6, 8].reduce(
      (game, cell, index) => rules.move(game, players[index % 2]!, cell, 0),
      begun,
    );
    const { result, cells } = drawn;

    expect({ result, cells }).toEqual({ result: { how: "draw" }, cells: "XOXXOOOXX" });
    expect(rules.move(drawn, ada.player, 0, 0)).toBe(drawn);
    expect(rules.move(begun, bo.player, 0, 0)).toBe(begun);
    expect(rules.move(begun, "a stranger", 0, 0)).toBe(begun);
    expect(rules.move(begun, ada.player, 9, 0)).toBe(begun);
  });

  it("let time run out for the move that it was set for alone", () => {
    const moved = rules.move(begun, ada.player, 4, 20_000);

    expect(rules.runOut(moved, begun.round)).toBe(moved);
    expect(rules.runOut(moved, moved.round).result).toEqual({ how: "time", winner: "X" });
  });

  it("show nobody's secret, and for how long a seat is kept", () => {
    const view = rules.toView(rules.keep(begun, bo.player, 30_000), 10_000);

    expect(view).toMatchObject({
      leftMs: 10_000,
      players: { X: { name: "Ada" }, O: { name: "Bo", awayMs: 20_000 } },
    });
    expect(JSON.stringify(view)).not.toContain(bo.player);
    expect(rules.standUp(rules.openGame("game", ada), ada.player)).toBeUndefined();
  });
});
