import { expect, it } from "vitest";
import { Strays } from "../../lib/engine/stray-effects.ts";
import { Turn } from "../../lib/engine/turn.ts";
import { createLogger } from "../../lib/log.ts";

/** As frameworks do: a method that is called some promises behind a listener which has returned nothing. */
const later = async (hops: number): Promise<void> => {
  for (let hop = 0; hop < hops; hop += 1) await Promise.resolve();
};

it("a turn is not settled while promises alone are on their way to another effect", async () => {
  const lines: string[] = [];
  const turn = new Turn("frame", new Strays(createLogger("warn", (line) => lines.push(line))));
  const done: string[] = [];
  const effect = (name: string) =>
    turn.order(async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      done.push(name);
    });
  void (async () => {
    await later(30);
    await effect("join");
    await later(30);
    await effect("emit");
    await later(30);
    void effect("ack");
  })();

  await turn.settle();
  turn.end();

  expect(done).toEqual(["join", "emit", "ack"]);
  expect(lines).toEqual([]);
});
