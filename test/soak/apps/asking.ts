import { Server } from "nonsticky";

interface Result {
  readonly error: string | undefined;
  readonly count: number;
  readonly tookMs: number;
}

type Failure = Error & { code?: string; responses?: unknown[] };

/** Everybody is in one room, which is asked at a word. */
export const io = new Server<
  { ask: (timeoutMs: number, done: (result: Result) => void) => void },
  { question: (answer: (value: number) => void) => void; ready: () => void }
>();

io.on("connection", async (socket) => {
  socket.on("ask", async (timeoutMs, done) => {
    const startedAtMs = Date.now();
    const result = await io
      .to("everybody")
      .timeout(timeoutMs)
      .emitWithAck("question")
      .then(
        (responses) => ({ error: undefined, responses }),
        (failure: Failure) => ({ error: failure.message, responses: failure.responses ?? [] }),
      );
    const { error, responses } = result;
    done({ error, count: responses.length, tookMs: Date.now() - startedAtMs });
  });
  await socket.join("everybody");
  socket.emit("ready");
});
