import { describe, expect, it } from "vitest";
import { PollingClient, type PollingWorld } from "../../bench/polling-client.ts";

/** Handlers of which only GETs are asked, and how often they were. */
function answering(...bodies: readonly string[]) {
  const left = [...bodies];
  const poll = () => Promise.resolve({ statusCode: 200, body: left.shift() ?? "6" });
  const world = { handlers: { poll }, aws: {} } as unknown as PollingWorld;
  return { client: new PollingClient(world), asked: () => bodies.length - left.length };
}

describe("a GET of the client that counts requests", () => {
  it("is sent again behind a noop, which is a legal answer on a busy machine", async () => {
    const { client, asked } = answering("6", "6", '42["emitted"]', '42["next"]');

    await client.get('42["emitted"]');

    expect(asked()).toBe(3);
  });

  it("fails on an answer that is neither, and on nothing but noops", async () => {
    await expect(answering("41").client.get("42")).rejects.toThrow("expected 42…, got 41");
    await expect(answering().client.get("42")).rejects.toThrow("nothing but noops in 10 GETs");
  });
});
