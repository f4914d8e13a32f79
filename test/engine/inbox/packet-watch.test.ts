import { AsyncLocalStorage } from "node:async_hooks";
import { describe, expect, it } from "vitest";
import type { HandlerWatch } from "../../../lib/handler-watch.ts";
import { PollClient } from "../../support/poll-client.ts";
import { Rig } from "../../support/rig.ts";

/** Writes down what it hears, each packet under a number of its own. */
function createNotes() {
  const lines: string[] = [];
  const packets = new AsyncLocalStorage<number>();
  const current = () => packets.getStore() ?? "nobody's";
  let count = 0;
  const watch: HandlerWatch = {
    begin: ({ event }) => {
      lines.push(`${current()}: ${event}`);
      return () => lines.push(`${current()}: ${event} ended`);
    },
    beginPacket: () => {
      const own = (count += 1);
      lines.push(`${own} begins`);
      return { run: (code) => packets.run(own, code), end: () => lines.push(`${own} ends`) };
    },
    beginReplay: () => {
      lines.push(`${current()}: replay`);
      return () => lines.push(`${current()}: bound`);
    },
  };
  return { watch, lines, current };
}

describe("who watches packets", () => {
  it("hears of each where it begins and ends, with its replay and its handlers inside, also of two in one batch", async () => {
    const { watch, lines, current } = createNotes();
    const after: unknown[] = [];
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("slow", async () => {
            await socket.join("room");
            after.push(current());
          });
          socket.on("quick", () => undefined);
        });
      },
      { watch },
    );
    const client = await rig.connect();
    lines.length = 0;

    await client.send('42["slow"]', '42["quick"]');

    const own = (packet: number) => lines.filter((line) => line.startsWith(`${packet}`));
    const [first = 0, second = 0] = lines
      .flatMap((line) => /^(\d+) begins/.exec(line)?.[1] ?? [])
      .map(Number);
    expect(own(first).slice(0, 4)).toEqual([
      `${first} begins`,
      `${first}: replay`,
      `${first}: bound`,
      `${first}: slow`,
    ]);
    expect(own(first).slice(4)).toEqual([`${first}: slow ended`, `${first} ends`]);
    expect(own(second)).toEqual([
      `${second} begins`,
      `${second}: replay`,
      `${second}: bound`,
      `${second}: quick`,
      `${second}: quick ended`,
      `${second} ends`,
    ]);
    expect(after).toEqual([first]);
  });

  it("hears of each packet of one POST by itself", async () => {
    const { watch, lines } = createNotes();
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => socket.on("x", () => undefined));
      },
      { watch },
    );
    const client = await PollClient.connect(rig);
    lines.length = 0;

    await client.post('42["x"]\x1e42["x"]\x1e42["x"]');
    await rig.settle();

    expect(lines.filter((line) => line.endsWith("begins"))).toHaveLength(3);
    expect(lines.filter((line) => line.endsWith(" ends"))).toHaveLength(3);
    expect(lines.filter((line) => line.endsWith(": x"))).toHaveLength(3);
  });
});
