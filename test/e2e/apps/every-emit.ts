/**
 * A program outside of the stack that calls everything an emitter can: by name, one message of its parent at a time,
 * whose answer is what came of it.
 */
import { Server } from "nonsticky";
import { connectEmitter } from "nonsticky/emitter";

const io = new Server();
const handler = connectEmitter(io, { logLevel: "silent" });
const children = io.of(/^\/child-\d+$/);

type Act = () => unknown;

const acts = {
  emit() {
    io.emit("told", "everybody");
    io.to("hall").except("attic").emit("told", Buffer.from("bytes"));
    io.volatile.emit("told", "whoever listens");
    io.send("a message");
    children.emit("told", "children");
  },
  event: () =>
    handler({ source: "newsroom", detail: { rooms: "hall", event: "told", args: ["a headline"] } }),
  membership() {
    io.in("hall").socketsJoin(["cellar", "attic"]);
    io.in("cellar").socketsLeave("attic");
  },
  async look() {
    await io.allSockets();
    for (const socket of await io.in("hall").fetchSockets()) {
      socket.data.seen = true;
      socket.join("roof");
      socket.emit("told", "you");
      socket.leave("roof");
    }
  },
  async ask() {
    const everybody = await io.in("hall").timeout(10_000).emitWithAck("ask");
    const [socket] = await io.in("hall").fetchSockets();
    return [...everybody, await socket?.timeout(10_000).emitWithAck("ask")];
  },
  async server() {
    io.serverSideEmit("count", 0);
    return io.serverSideEmitWithAck("count", 1);
  },
  async kick() {
    io.in("hall").disconnectSockets();
    for (const socket of await io.in("porch").fetchSockets()) socket.disconnect(true);
  },
  async shared() {
    const map = io.shared<number>("headlines");
    await map.set("a", 1);
    await map.increment("a");
    const sum = await map.update("a", (old = 0) => old + 1);
    const count = await map.count();
    await map.delete("a");
    await map.clear();
    return [sum, count];
  },
  porch: () => io.to("porch").emit("told", "who is at the door"),
} satisfies Record<string, Act>;

export type ActName = keyof typeof acts;

process.on("message", (name: ActName) => {
  void (async () => {
    const result: unknown = await (acts[name] as Act)();
    const tally = await io.flush();
    process.send?.({ result: typeof result === "object" && result !== io ? result : undefined, tally });
  })().catch((error: unknown) => process.send?.({ error: String(error) }));
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
