/** Programs outside of the stack, by name: what they find out is a line of JSON on stdout. */
import { Server } from "nonsticky";
import { connectEmitter } from "nonsticky/emitter";

const io = new Server({ connectionStateRecovery: {} });
const handler = connectEmitter(io);

const programs: Readonly<Record<string, () => Promise<unknown>>> = {
  async tour() {
    io.in(["ada", "bob"]).socketsJoin("outing");
    io.to("outing").except("bob").emit("come", "along");
    const sockets = await io.in("outing").fetchSockets();
    for (const socket of sockets) socket.emit("you are", socket.data.name);
    return { names: sockets.map(({ data }) => data.name).sort(), tally: await io.flush() };
  },
  async kick() {
    io.in("bob").disconnectSockets();
    return io.flush();
  },
  event: () => handler({ source: "newsroom", detail: { rooms: "ada", event: "headline", args: ["hello"] } }),
  /** The one that does not wait. */
  hasty() {
    io.emit("headline", "never sent");
    process.exit();
  },
};

const [name = ""] = process.argv.slice(2);
process.stdout.write(`${JSON.stringify(await programs[name]?.())}\n`);
