import { describe, expect, it } from "vitest";
import { findViolations } from "./chat-proof.ts";
import { playChat } from "./chat-load.ts";
import { describeLoad } from "./describe-load.ts";
import { say } from "../support/say.ts";

describe("fifty clients in five rooms, on instances that forget and die", () => {
  it("loses no acknowledged message, handles none twice and keeps each sender's order", async () => {
    const result = await playChat({
      clients: 50,
      rooms: 5,
      messages: 2_000,
      window: 4,
      chaos: 0.1,
      seed: 7,
      patienceMs: 240_000,
    });

    say(describeLoad(result));
    expect(findViolations(result)).toEqual({
      handledTwice: [],
      heardTwice: [],
      acknowledgedUnhandled: [],
      acknowledgedLost: [],
      outOfOrder: [],
      strayed: [],
    });
    expect(Math.max(...result.processesPerConnection)).toBeGreaterThan(1);
    expect(result.kills).toBeGreaterThan(0);
  }, 300_000);
});
