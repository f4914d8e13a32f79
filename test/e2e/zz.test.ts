import { it } from "vitest";
import { findViolations } from "./chat-proof.ts";
import { playChat } from "./chat-load.ts";
import { describeLoad } from "./describe-load.ts";
it("x", async () => {
  for (const chaos of (process.env.CH ?? "0").split(",").map(Number)) {
    const result = await playChat({ clients: 50, rooms: 5, messages: Number(process.env.N ?? 500), window: 4, chaos, seed: 7, patienceMs: 100_000 });
    console.log("chaos", chaos, describeLoad(result));
    console.log(JSON.stringify(findViolations(result)).slice(0, 600));
  }
}, 300_000);
