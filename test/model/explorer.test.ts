import { describe, expect, it } from "vitest";
import { describeViolation, explore, type Model } from "./explorer.ts";
import { reads, Schedule, writes } from "./schedule.ts";

/** Two processes that each add one to a counter, in two steps: the oldest race there is. */
const lostUpdate: Model = (schedule) => {
  let counter = 0;
  for (const process of ["a", "b"]) {
    schedule.run(process, async () => {
      const seen = await schedule.step(process, "reads", [reads("counter")], () => counter);
      await schedule.step(process, "writes", [writes("counter")], () => (counter = seen + 1));
    });
  }
  return () => (counter === 2 ? undefined : `expected 2, got ${counter}`);
};

describe("explorer", () => {
  it("finds the lost update and tells its story", async () => {
    const verdict = await explore(lostUpdate);

    expect(describeViolation(verdict)).toBe(
      ["expected 2, got 1", "a: reads", "b: reads", "a: writes", "b: writes"].join("\n    "),
    );
    expect(verdict.complete).toBe(true);
  });

  it("makes every run that there is without reduction, and one for steps that commute with it", async () => {
    const apart: Model = (schedule) => {
      for (const process of ["a", "b", "c"]) {
        schedule.run(process, async () => {
          for (let i = 0; i < 2; i += 1) {
            await schedule.step(process, "writes", [writes(process)], () => undefined);
          }
        });
      }
      return () => undefined;
    };

    const all = await explore(apart, { reduce: false });
    const reduced = await explore(apart);

    expect(all.schedules).toBe(90);
    expect(reduced).toMatchObject({ schedules: 1, complete: true });
  });

  it("finds what happens late to a step that somebody else's last step has led to", async () => {
    const late: Model = (schedule) => {
      const table = new Set<string>();
      let missed = false;
      schedule.run("a", async () => {
        await schedule.step("a", "is answered too early", [writes("a")], () => {
          void schedule.step("write", "lands", [writes("row")], () => void table.add("row"));
        });
        await schedule.step("a", "does something else", [writes("other")], () => undefined);
        await schedule.step("a", "says so", [writes("said")], () => void table.add("said"));
      });
      schedule.run("b", async () => {
        const isSaid = await schedule.step("b", "hears", [reads("said")], () => table.has("said"));
        const isThere = await schedule.step("b", "looks", [reads("row")], () => table.has("row"));
        missed = isSaid && !isThere;
      });
      return () => (missed ? "expected a row that b was told of, got none" : undefined);
    };

    const verdict = await explore(late);

    expect(describeViolation(verdict)).toMatch("expected a row");
    expect(verdict.schedules).toBe(4);
  });

  it.each([2, 3, 4, 5, 6, 8, 9, 10, 11, 12])(
    "comes to the same final states with and without reduction (program %i)",
    async (seed) => {
      const outcomesOf = async (reduce: boolean) => {
        const outcomes = new Set<string>();
        const model = program(seed, (outcome) => outcomes.add(outcome));
        const { schedules, complete } = await explore(model, { reduce });
        return { outcomes: [...outcomes].sort(), schedules, complete };
      };

      const all = await outcomesOf(false);
      const reduced = await outcomesOf(true);

      expect(all.complete).toBe(true);
      expect(reduced.outcomes).toEqual(all.outcomes);
      expect(reduced.schedules).toBeLessThanOrEqual(all.schedules);
    },
  );

  it("treats a row and all rows around it as the same thing", async () => {
    const seen = new Set<string>();
    await explore((schedule) => {
      const room: string[] = [];
      let listed = "";
      schedule.run("list", () =>
        schedule.step("list", "lists", [reads("room", "a")], () => (listed = room.join())),
      );
      schedule.run("join", () =>
        schedule.step("join", "joins", [writes("room", "a", "x")], () => room.push("x")),
      );
      return () => void seen.add(listed);
    });

    expect([...seen].sort()).toEqual(["", "x"]);
  });

  it("crashes a process between any two of its steps", async () => {
    const done = new Set<number>();
    await explore((schedule) => {
      let steps = 0;
      schedule.run(
        "p",
        async () => {
          for (let i = 0; i < 3; i += 1) await schedule.step("p", "works", [], () => (steps += 1));
        },
        () => schedule.withdraw("crash"),
      );
      schedule.offer({ id: "crash", process: "p", label: "CRASH", touches: [] }, () => schedule.kill("p"));
      return () => void done.add(steps);
    });

    expect([...done].sort()).toEqual([0, 1, 2, 3]);
  });

  it("lets time pass, and begins a later stage, only when nothing else can happen", async () => {
    const schedule = new Schedule();
    const seen: string[] = [];
    schedule.run("sleeper", async () => {
      await schedule.sleep("sleeper");
      seen.push("awake");
    });
    schedule.later(() => seen.push("later"));

    expect(schedule.advance()).toBe(true);
    await new Promise(setImmediate);
    expect(seen).toEqual(["awake"]);
    expect(schedule.advance()).toBe(true);
    expect(seen).toEqual(["awake", "later"]);
    expect(schedule.advance()).toBe(false);
  });

  it("refuses a model that is not a function of its schedule", async () => {
    let runs = 0;
    const fickle: Model = (schedule) => {
      runs += 1;
      const name = `p${runs}`;
      for (const process of [name, "q"]) {
        schedule.run(process, () => schedule.step(process, "writes", [writes("x")], () => undefined));
      }
      return () => undefined;
    };

    await expect(explore(fickle)).rejects.toThrow("expected a deterministic model with p1#1, q#1");
  });
});

/** Three processes of up to four steps, some of which do two things at once or depend on what they read. */
function program(seed: number, tell: (outcome: string) => void): Model {
  return (schedule) => {
    const random = createRandom(seed);
    const cells = new Map<string, number>();
    const names = ["x", "y", "z"];
    const facts: string[] = [];
    for (const process of ["a", "b", "c"]) {
      const plan = Array.from({ length: 1 + (random() % 2) }, () => ({
        from: names[random() % 3]!,
        to: names[random() % 3]!,
        kind: random() % 4,
      }));
      const write = (cell: string, value: number) =>
        schedule.step(process, `${cell}=${value}`, [writes(cell)], () => cells.set(cell, value));
      const read = (cell: string) =>
        schedule.step(process, `reads ${cell}`, [reads(cell)], () => cells.get(cell) ?? 0);
      schedule.run(process, async () => {
        for (const [index, { from, to, kind }] of plan.entries()) {
          const mark = process.charCodeAt(0) * 10 + index;
          if (kind === 0) await write(to, mark);
          else if (kind === 1) facts.push(`${process}${index}:${await read(from)}`);
          else if (kind === 2) await Promise.all([write(to, mark), read(from)]);
          else if ((await read(from)) === 0) await write(to, mark);
        }
      });
    }
    return () => void tell(`${[...cells].sort().join()} ${facts.sort().join()}`);
  };
}

function createRandom(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) >>> 0;
    return state >>> 3;
  };
}
