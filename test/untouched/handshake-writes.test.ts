import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { serve } from "nonsticky/testing";
import { Clients } from "../testing/clients.ts";
import { startOfficially } from "./official-process.ts";

const file = path.join(import.meta.dirname, "apps/handshake.cjs");
const clients = new Clients();

describe.each([
  ["the official server", () => startOfficially(file)],
  ["three instances", () => serve(file, { replace: ["socket.io"], instances: 3 })],
])("what an app writes into a handshake on %s", (_, start) => {
  let url: string;
  let close: () => Promise<void>;

  beforeAll(async () => {
    ({ url, close } = await start());
  });
  afterEach(() => clients.closeAll());
  afterAll(() => close?.());

  it("is there in every later handler of its socket, and of no other", async () => {
    const connect = (name: string) =>
      clients.connect(url, { auth: { name }, query: { room: "r" } }).timeout(8_000);
    const [ada, bob] = [connect("ada"), connect("bob")];
    const asConnected = (name: string) => [{ name }, "middleware", "r", "1", { name }];

    expect(await ada.emitWithAck("show")).toEqual(asConnected("ada"));
    await ada.emitWithAck("rename", "Ada");
    await ada.emitWithAck("rename", "Ada L.");

    for (let round = 0; round < 3; round += 1) {
      const auth = { name: "Ada L.", tags: ["Ada", "Ada L."] };
      expect(await ada.emitWithAck("show")).toEqual([auth, "middleware", null, "1", { name: "ada" }]);
    }
    await ada.emitWithAck("replace");
    expect(await ada.emitWithAck("show")).toEqual([
      { token: "new" },
      "middleware",
      null,
      "1",
      { name: "ada" },
    ]);
    expect(await bob.emitWithAck("show")).toEqual(asConnected("bob"));
  });
});
