import { describe, it } from "vitest";
import { enterByCount, exitByCount, type CountForm, type CountSteps } from "../../../lib/state/room-count.ts";
import type { Model } from "../explorer.ts";
import { reads, writes, type Schedule } from "../schedule.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";

/** A room as the table has it, and what was told of it in the order of the writes. */
class Room {
  readonly members: Set<string>;
  readonly told: string[] = [];
  count: number;

  constructor(members: readonly string[]) {
    this.members = new Set(members);
    this.count = members.length;
  }

  /** As the transaction of the store does it: membership and number, or neither. */
  write(member: string, form: CountForm): "done" | "unchanged" | "refused" {
    const enters = form === "grow" || form === "create";
    if (this.members.has(member) === enters) return "unchanged";
    const holds = {
      grow: this.count > 0,
      create: this.count === 0,
      shrink: this.count > 1,
      empty: this.count <= 1,
    };
    if (!holds[form]) return "refused";
    this.change(member, form);
    return "done";
  }

  change(member: string, form: CountForm): void {
    const enters = form === "grow" || form === "create";
    if (enters) this.members.add(member);
    else this.members.delete(member);
    this.count += enters ? 1 : -1;
    if (form === "create" || form === "empty") this.told.push(form);
  }
}

type ToSteps = (schedule: Schedule, room: Room, member: string) => CountSteps;

const stepsOf: ToSteps = (schedule, room, member) => ({
  guess: () => schedule.step(member, "guess", [reads("room")], async () => room.count),
  write: (form) => schedule.step(member, form, [writes("room")], async () => room.write(member, form)),
});

/** Told in turns, and at the end of a room that is as full as its number says. */
const play =
  (
    members: readonly string[],
    moves: Readonly<Record<string, (steps: CountSteps) => Promise<unknown>>>,
    toSteps = stepsOf,
  ): Model =>
  async (schedule) => {
    const room = new Room(members);
    for (const [member, move] of Object.entries(moves))
      schedule.run(member, () => move(toSteps(schedule, room, member)));
    return () => {
      const isThere = room.told.reduce<boolean | undefined>(
        (before, form) => (before === (form === "create") ? undefined : form === "create"),
        members.length > 0,
      );
      if (room.members.size !== room.count)
        return `expected ${room.members.size} members to be counted, got ${room.count}`;
      return isThere === room.count > 0 ? undefined : `expected a room to come and go, got ${room.told}`;
    };
  };

describe("the number of a room's members", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("tells who of several has made the room, and who has emptied it", async () => {
    await expectSafe("three enter", play([], { a: enterByCount, b: enterByCount, c: enterByCount }));
    await expectSafe(
      "three leave",
      play(["a", "b", "c"], { a: exitByCount, b: exitByCount, c: exitByCount }),
    );
    await expectSafe(
      "the last leaves, others enter",
      play(["a"], { a: exitByCount, b: enterByCount, c: enterByCount }),
    );
    await expectSafe(
      "two leave, one enters",
      play(["a", "b"], { a: exitByCount, b: exitByCount, c: enterByCount }),
    );
    const inAndOut = async (steps: CountSteps) => {
      await enterByCount(steps);
      await exitByCount(steps);
    };
    await expectSafe("two enter and leave", play([], { a: inAndOut, b: inAndOut }));
  });

  it("would tell of two that made the room if what was guessed counted", async () => {
    const trusting: ToSteps = (schedule, room, member) => ({
      ...stepsOf(schedule, room, member),
      write: (form) =>
        schedule.step(member, form, [writes("room")], async () => {
          room.change(member, form);
          return "done" as const;
        }),
    });
    await expectViolated(
      "no condition",
      play([], { a: enterByCount, b: enterByCount }, trusting),
      "to come and go, got create,create",
    );
  });

  it("would lose a member if it was written apart from the membership", async () => {
    const apart: ToSteps = (schedule, room, member) => {
      let seen = 0;
      const { guess } = stepsOf(schedule, room, member);
      return {
        guess: async () => (seen = await guess()),
        write: (form) =>
          schedule.step(member, form, [writes("room")], async () => {
            room.change(member, form);
            room.count = seen + (form === "grow" || form === "create" ? 1 : -1);
            return "done" as const;
          }),
      };
    };
    await expectViolated(
      "read, then written",
      play(["a", "b", "c"], { a: exitByCount, b: exitByCount }, apart),
      "members to be counted",
    );
  });
});
