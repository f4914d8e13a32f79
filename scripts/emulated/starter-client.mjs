/**
 * Copied into the starter's project, where `nonsticky` is the installed package: `starter-client.mjs EDGE_URL`. A client
 * with default options in a room, and an emitter outside of the stack, as the holder of the stack's emit policy, which
 * finds it, emits to the room and disconnects it. Resolves to exit code 0 when all has been seen.
 */
import { once } from "node:events";
import { Server } from "nonsticky";
import { connectEmitter } from "nonsticky/emitter";
import { io as connect } from "socket.io-client";

setTimeout(() => fail("expected the emitter and its client to be done in 40 s"), 40_000).unref();
const client = connect(process.argv[2], { auth: { nickname: "Ada" }, reconnection: false });
client.on("connect_error", (error) => fail(`expected a connection, got ${error.message}`));
await once(client, "connect");
expect(await client.emitWithAck("enter", "lobby"), 1);
if (client.io.engine.transport.name !== "websocket") await once(client.io.engine, "upgrade");
expect(client.io.engine.transport.name, "websocket");

const io = new Server();
connectEmitter(io);
const [found] = await io.in("lobby").fetchSockets();
expect(found?.data, { nickname: "Ada" });
const said = once(client, "said");
io.to("lobby").emit("said", "a script", "hello");
expect((await io.flush()).delivered, 1);
expect(await said, ["a script", "hello"]);
const left = once(client, "disconnect");
io.in("lobby").disconnectSockets(true);
await io.flush();
expect((await left)[0], "io server disconnect");
console.log("  ok  starter: a default client upgrades; an emitter outside finds, emits and disconnects");
process.exit(0);

function expect(actual, expected) {
  const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (got !== wanted) fail(`expected ${wanted}, got ${got}`);
}

function fail(problem) {
  console.error(problem);
  process.exit(1);
}
