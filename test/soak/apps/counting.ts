import { Server } from "nonsticky";

interface Tally {
  readonly total: number;
  /** The last turn of each client that was counted: one that comes again is not counted twice. */
  readonly turns: Readonly<Record<string, number>>;
}

type Ack = (answer: { readonly total: number; readonly tries: number } | { readonly error: string }) => void;

/** Everybody counts in one entry. */
export const io = new Server();

const tallies = io.shared<Tally>("tallies");
const numbers = io.shared<number>("numbers");

io.on("connection", (socket) => {
  socket.on("count", async (who: string, turn: number, ack: Ack) => {
    let tries = 0;
    try {
      const tally = await tallies.update("all", (old = { total: 0, turns: {} }) => {
        tries += 1;
        if ((old.turns[who] ?? 0) >= turn) return old;
        return { total: old.total + 1, turns: { ...old.turns, [who]: turn } };
      });
      ack({ total: tally?.total ?? 0, tries });
    } catch (error) {
      ack({ error: (error as Error).message });
    }
  });
  socket.on("increment", async (ack: Ack) => ack({ total: await numbers.increment("all"), tries: 1 }));
  socket.on("total", async (ack: (tally: number, number: number) => void) => {
    ack((await tallies.get("all"))?.total ?? 0, (await numbers.get("all")) ?? 0);
  });
});
