import { describe, it } from "vitest";
import type { Socket } from "../../../lib/socketio/server.ts";
import type { Instance } from "../world.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";
import { forgetStrokes, isSame, playLive, writeBlindly, type LivePlay } from "./live-world.ts";

type Ack = (...args: unknown[]) => void;

/** The app that the table of docs/semantics.md speaks of. */
const chat: LivePlay["app"] = ({ io }, say) => {
  const users = io.live<Record<string, { score: number; room?: string }>>("users", {});
  const list = io.live<string[]>("list", []);
  const count = io.live("count", 0);
  const topic = io.live("topic", "none");
  io.on("connection", (socket: Socket) => {
    count.value += 100;
    socket.on("join", (name: string, ack?: Ack) => {
      users[name] = { score: 0 };
      count.value += 1;
      ack?.("joined");
    });
    socket.on("point", (name: string) => {
      if (users[name]) users[name].score += 1;
    });
    socket.on("room", (name: string, room: string) => {
      if (users[name]) users[name].room = room;
    });
    socket.on("leave", (name: string) => {
      delete users[name];
    });
    socket.on("push", (item: string, ack?: Ack) => {
      list.push(item);
      ack?.(list.length);
    });
    socket.on("drop", (item: string) => {
      const index = list.indexOf(item);
      if (index >= 0) list.splice(index, 1);
    });
    socket.on("rename", (to: string) => {
      say(`${topic.value} to ${to}`);
      topic.value = to;
    });
    socket.on("set", (to: string) => (topic.value = to));
    socket.on("disconnect", () => {
      count.value -= 1;
    });
  });
};

const event =
  (...packet: readonly unknown[]): LivePlay["letters"][number] =>
  (guest) => [guest.frame(`42${JSON.stringify(packet)}`)];

/** Each event of a client of its own; the outcome, or one of several, is what the table has at the end. */
const events = (packets: readonly (readonly unknown[])[], ...outcomes: readonly object[]): LivePlay => ({
  app: chat,
  letters: packets.map((packet) => event(...packet)),
  check: (stored, { errors }) => {
    if (errors.length > 0) return `an error was logged: ${String(errors[0])}`;
    return outcomes.some((outcome) => isSame(outcome, stored))
      ? undefined
      : `the table has ${JSON.stringify(stored)}`;
  },
});

const put = (name: string, score = 0) => ({ [name]: { score } });

describe("what two handlers change at once, on two instances", { timeout: MODEL_TIMEOUT_MS }, () => {
  it.each<[name: string, play: LivePlay]>([
    [
      "two joins, and a number",
      events(
        [
          ["join", "ann"],
          ["join", "bob"],
        ],
        { count: 2, users: { ...put("ann"), ...put("bob") } },
        { count: 2, users: { ...put("bob"), ...put("ann") } },
        { users: { ...put("ann"), ...put("bob") }, count: 2 },
        { users: { ...put("bob"), ...put("ann") }, count: 2 },
      ),
    ],
    [
      "two pushes",
      events(
        [
          ["push", "a"],
          ["push", "b"],
        ],
        { list: ["a", "b"] },
        { list: ["b", "a"] },
      ),
    ],
    [
      "two pushes of the same",
      events(
        [
          ["push", "a"],
          ["push", "a"],
        ],
        { list: ["a", "a"] },
      ),
    ],
    [
      "three pushes",
      events(
        [
          ["push", "a"],
          ["push", "b"],
          ["push", "c"],
        ],
        ...["abc", "acb", "bac", "bca", "cab", "cba"].map((order) => ({ list: [...order] })),
      ),
    ],
  ])("%s: nothing is lost", async (name, play) => {
    await expectSafe(name, playLive(play));
  });

  const before = (
    play: LivePlay,
    setUp: (store: Parameters<NonNullable<LivePlay["spoil"]>>[0]) => void,
  ): LivePlay => ({
    ...play,
    spoil: (store) => {
      setUp(store);
      play.spoil?.(store);
    },
  });
  const withRow = (play: LivePlay, name: string, key: string | undefined, text: string): LivePlay =>
    before(play, (store) => {
      const entry = { text, rank: 1 };
      void store.commitLive({
        version: "before",
        writes: [{ kind: "put", name, key, previous: undefined, entry }],
        strokes: [],
        sockets: [],
      });
    });

  it("join and leave: one is there, one is gone", async () => {
    const play = events(
      [
        ["join", "bob"],
        ["leave", "ann"],
      ],
      { users: put("bob"), count: 1 },
      { count: 1, users: put("bob") },
    );
    await expectSafe("join and leave", playLive(withRow(play, "users", "ann", '{"score":0}')));
  });

  it("two points of one user: both count; and a point beside a property, or a leave", async () => {
    const of = (packets: readonly (readonly unknown[])[], ...outcomes: readonly object[]) =>
      playLive(withRow(events(packets, ...outcomes), "users", "ann", '{"score":5}'));
    const [point, room, leave] = [
      ["point", "ann"],
      ["room", "ann", "red"],
      ["leave", "ann"],
    ];
    await expectSafe("two points", of([point, point], { users: put("ann", 7) }));
    await expectSafe(
      "a point and a property",
      of([point, room], { users: { ann: { score: 6, room: "red" } } }),
    );
    await expectSafe("a point and a leave", of([point, leave], {}));
  });

  it("a push and a drop, and two drops of one item", async () => {
    const of = (packets: readonly (readonly unknown[])[], ...outcomes: readonly object[]) =>
      playLive(withRow(events(packets, ...outcomes), "list", undefined, '["x","y"]'));
    await expectSafe(
      "a push and a drop",
      of(
        [
          ["push", "a"],
          ["drop", "x"],
        ],
        { list: ["y", "a"] },
      ),
    );
    await expectSafe(
      "two drops",
      of(
        [
          ["drop", "x"],
          ["drop", "x"],
        ],
        { list: ["y"] },
      ),
    );
  });

  it("two changes of one text that was read: one stays, and each that is lost is told, and no other", async () => {
    const play: LivePlay = {
      app: chat,
      letters: [event("rename", "a"), event("rename", "b")],
      check: ({ topic }, { said, errors }) => {
        const isMet = said.includes("none to a") && said.includes("none to b");
        const lost = errors.map((error) => (error as { code?: string }).code);
        if (!isSame(lost, isMet ? ["core.live_conflict"] : []))
          return `of ${said.join()} there were told ${lost.join()}`;
        return topic === "a" || topic === "b" ? undefined : `the text is ${String(topic)}`;
      },
    };
    await expectSafe("two changes of one text", playLive(play));
  });

  it("two that write without reading: the later one stays, and nobody is told", async () => {
    await expectSafe(
      "two sets",
      playLive(
        events(
          [
            ["set", "a"],
            ["set", "b"],
          ],
          { topic: "a" },
          { topic: "b" },
        ),
      ),
    );
  });

  it("would lose one if rows were written whatever they say by then", async () => {
    const blind = {
      ...events(
        [
          ["push", "a"],
          ["push", "b"],
        ],
        { list: ["a", "b"] },
        { list: ["b", "a"] },
      ),
      spoil: writeBlindly,
    };
    await expectViolated("pushes written blindly", playLive(blind), 'the table has {"list":["');
  });
});

describe("what is changed, and a crash", { timeout: MODEL_TIMEOUT_MS }, () => {
  const crashing = (app: LivePlay["app"]): LivePlay => ({
    app,
    letters: [(guest) => [guest.frame('421["push","a"]')]],
    options: { crashes: 1 },
    check: ({ list }, { crashes }, [guest]) => {
      const items = (list ?? []) as readonly string[];
      const isAcked = guest!.frames.some((frame) => frame.startsWith("431"));
      if (isAcked && !items.includes("a")) return "what was acknowledged is not there";
      if (new Set(items).size < items.length) return "something is there twice";
      return items.length === 1 || crashes.happened.length > 0
        ? undefined
        : "something was lost with no crash";
    },
  });

  it("what was acknowledged is there, and nothing is there twice, wherever an instance stops", async () => {
    await expectSafe("a push and a crash", playLive(crashing(chat)));
  });

  it("would be missing if it were acknowledged first", async () => {
    const hasty: LivePlay["app"] = ({ io }) => {
      const list = io.live<string[]>("list", []);
      io.on("connection", (socket: Socket) => {
        socket.on("push", (item: string, ack?: Ack) => {
          ack?.();
          list.push(item);
        });
      });
    };
    await expectViolated(
      "acknowledged first",
      playLive(crashing(hasty)),
      "what was acknowledged is not there",
    );
  });

  const closing = (spoil?: LivePlay["spoil"]): LivePlay => ({
    app: chat,
    letters: [(guest) => [guest.closed()]],
    options: { crashes: 1 },
    ...(spoil ? { spoil } : {}),
    check: ({ count }) => (count === -1 ? undefined : `the count is ${String(count)}`),
  });

  it("a handler that runs again, for its close comes again, counts once", async () => {
    await expectSafe("a close and a crash", playLive(closing()));
  });

  it("would count twice if nothing told of what its letter has changed", async () => {
    await expectViolated("no strokes", playLive(closing(forgetStrokes)), "the count is -2");
  });
});

describe("what a connection listener changes", { timeout: MODEL_TIMEOUT_MS }, () => {
  const twoPackets = (app: LivePlay["app"]): LivePlay => ({
    app,
    letters: [(guest) => [guest.frame('42["push","a"]'), guest.frame('42["push","b"]')]],
    options: { maxBatch: 1 },
    check: ({ count, list }) =>
      count === undefined && isSame(list, ["a", "b"])
        ? undefined
        : `the table has ${String(count)}, ${String(list)}`,
  });

  it("is changed by no replay", async () => {
    await expectSafe("replays", playLive(twoPackets(chat)));
  });

  it("would be changed by each, if replays were as live as handlers", async () => {
    const lively: LivePlay["app"] = ({ io, runtime }: Instance) => {
      const list = io.live<string[]>("list", []);
      const count = io.live("count", 0);
      io.on("connection", (socket: Socket) => {
        runtime.detached.run("live", () => (count.value += 100));
        socket.on("push", (item: string) => list.push(item));
      });
    };
    await expectViolated("live replays", playLive(twoPackets(lively)), /the table has \d00/);
  });
});
