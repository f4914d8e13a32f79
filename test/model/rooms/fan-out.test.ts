import { describe, it } from "vitest";
import type { FanOut } from "../../../lib/engine/fan-out.ts";
import type { Tally } from "../../../lib/engine/turn.ts";
import type { Model } from "../explorer.ts";
import { seat, type Guest } from "../guest.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";
import { World, type Instance } from "../world.ts";

const received = ({ frames }: Guest): string =>
  frames.flatMap((frame) => /"a(\d)"/.exec(frame)?.[1] ?? []).join("");

interface Options {
  readonly members?: number;
  readonly crashes?: number;
  /** For a control: what a careless sender makes of the port. */
  readonly alter?: (fanOut: FanOut) => FanOut;
}

/** Two messages in a row to a room whose members are a page each, so that all but one are sent to by another process. */
const emitTwice =
  ({ members = 2, crashes = 0, alter }: Options = {}): Model =>
  async (schedule) => {
    const world = new World(schedule, { membersAPage: 1, crashes });
    const guests: Guest[] = [];
    for (let index = 1; index <= members; index++)
      guests.push(await seat(world, index, { rooms: ["lobby"] }));
    let tally: Readonly<Tally> | undefined;
    world.runScript("a", async (instance: Instance) => {
      const { io, runtime } = instance;
      if (alter && runtime.fanOut) Object.assign(runtime, { fanOut: alter(runtime.fanOut) });
      io.to("lobby").emit("a1");
      io.to("lobby").emit("a2");
      tally = await io.flush();
    });
    return () => {
      const heard = guests.map(received);
      const crashed = world.crashes.happened.length;
      if (crashed === 0 && world.errors.length > 0) return `expected no errors, got ${String(world.errors)}`;
      const allowed = crashed === 0 ? ["12"] : ["12", "1", "2", ""];
      const wrong = heard.find((order) => !allowed.includes(order));
      if (wrong !== undefined) return `a member received ${wrong} of 12`;
      // A control is about what was heard.
      if (alter !== undefined) return undefined;
      const missing = 2 * members - heard.join("").length;
      if (tally === undefined) return "the broadcast never ended";
      // Who has been sent it may be among those of whom nobody knows.
      if (tally.unknown < missing) return `${missing} are lost, and ${tally.unknown} said to be`;
      return tally.delivered + tally.unknown === 2 * members ? undefined : `told of ${JSON.stringify(tally)}`;
    };
  };

describe("broadcasts in parts", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("reach every recipient in the order of their emitter", async () => {
    await expectSafe("two parts", emitTwice());
  });

  it("lose what they say when the process of a part crashes, and send nothing twice", async () => {
    await expectSafe("two parts, a crash", emitTwice({ members: 3, crashes: 1 }));
  });

  it("would arrive in any order if nobody waited for the parts", async () => {
    const hasty = (fanOut: FanOut): FanOut => ({
      send: (part) => {
        void fanOut.send(part);
        return Promise.resolve({ delivered: 1, gone: 0, dropped: 0, unknown: 0 });
      },
    });

    await expectViolated("asynchronous parts", emitTwice({ alter: hasty }), "received 21 of 12");
  });

  it("would be sent twice if a part were sent again", async () => {
    const eager = (fanOut: FanOut): FanOut => ({
      send: (part) => fanOut.send(part).catch(() => fanOut.send(part)),
    });

    await expectViolated(
      "retried parts",
      emitTwice({ members: 3, crashes: 1, alter: eager }),
      /received (11|22|112|122)/,
    );
  });
});
