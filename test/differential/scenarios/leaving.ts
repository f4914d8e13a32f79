import { setTimeout as sleep } from "node:timers/promises";
import type { Participant } from "../participant.ts";
import type { Ground, Scenario, Stage } from "../scenario.ts";

/** Long enough for a server to hear of a close whose client has been told already. */
const NOTICE_MS = 150;

/** An observer, who is told what happens, and who opens the gate that middlewares wait at. */
const install = ({ nsp }: Ground): void => {
  const tell = (event: string, ...args: unknown[]) => nsp.to("observers").emit(event, ...args);
  const openGate = async () => {
    while ((await nsp.in("gate").fetchSockets()).length === 0) await sleep(10);
  };
  nsp.use((socket, next) => {
    const { role } = socket.handshake.auth;
    if (role === "observer") return next();
    // Officially an impatient client comes twice, which is for its own lane to show.
    if (role !== "impatient") tell("at the door");
    void openGate().then(() => {
      if (role !== "impatient") tell("decided");
      next(role === "refused" ? new Error("no") : undefined);
    });
  });
  nsp.on("connection", (socket) => {
    const { role } = socket.handshake.auth;
    if (role !== "observer" && role !== "impatient") {
      void socket.join("inside");
      tell("came", role);
    }
    // Whether a streamer's handler stops before or after this is a matter of moments.
    if (role !== "streamer") {
      socket.on("disconnecting", () => tell("leaving", socket.connected));
      socket.on("disconnect", (reason) => tell("left", reason, socket.connected));
    }
    socket.on("observe", async (ack: () => void) => {
      await socket.join("observers");
      ack();
    });
    socket.on("open the gate", () => void socket.join("gate"));
    socket.on("count", async (ack: (count: number) => void) =>
      ack((await nsp.in("inside").fetchSockets()).length),
    );
    socket.on("stream", async () => {
      tell("streaming", socket.connected);
      while (socket.connected) {
        socket.emit("chunk");
        await sleep(20);
      }
      tell("stopped", socket.connected);
    });
    socket.on("cut", () => {
      socket.conn.close();
      tell("cut", socket.connected);
    });
    socket.on("check", (ack: () => void) => ack());
  });
};

/** All that the client has to say has left it, on whichever transport. What it says while it moves, it says after that. */
async function hasSent({ socket }: Participant): Promise<void> {
  const { engine } = socket.io as unknown as { engine: { readonly writeBuffer: readonly unknown[] } };
  while (engine.writeBuffer.length > 0) await sleep(10);
}

const observed =
  (act: (observer: Participant, stage: Stage) => Promise<void>): Scenario["script"] =>
  async (stage) => {
    const observer = await stage.client("observer", { auth: { role: "observer" } }).connects();
    await observer.ask("observe");
    await act(observer, stage);
  };

export const leaving: readonly Scenario[] = [
  ...["welcome", "refused"].map((role): Scenario => ({
    title: `a client that leaves while a middleware waits never comes, when it would have been ${role}`,
    app: install,
    script: observed(async (observer, { client }) => {
      const a = client("a", { auth: { role } });
      await observer.hears("at the door");
      a.socket.io.engine.close();
      await sleep(NOTICE_MS);
      observer.tell("open the gate");
      await observer.hears("decided");
      await sleep(NOTICE_MS);
      await observer.ask("count");
    }),
  })),
  {
    title: "a client that calls connect twice while a middleware waits is connected",
    app: install,
    script: observed(async (observer, { client }) => {
      const a = client("a", { auth: { role: "impatient" } });
      await new Promise((resolve) => a.socket.io.once("open", () => resolve(undefined)));
      a.socket.connect();
      await hasSent(a);
      await sleep(NOTICE_MS);
      observer.tell("open the gate");
      await a.connects();
      await a.connects();
      await a.ask("check");
    }),
  },
  {
    title: "a handler that streams learns that its client has left",
    app: install,
    script: observed(async (observer, { client }) => {
      observer.tell("open the gate");
      const a = await client("a", { auth: { role: "streamer" } }).connects();
      // How many chunks come before it leaves is not for a transcript.
      a.socket.offAny();
      a.tell("stream");
      await observer.hears("streaming");
      a.socket.io.engine.close();
      await observer.hears("stopped");
    }),
  },
  {
    title: "what a handler emits after disconnectSockets does not reach those it has disconnected",
    app: ({ nsp }) => {
      nsp.on("connection", (socket) => {
        socket.on("enter", async (ack: () => void) => {
          await socket.join("room");
          ack();
        });
        socket.on("end", (id: string) => {
          nsp.to("room").emit("before");
          nsp.in(id).disconnectSockets();
          nsp.to("room").emit("after");
          nsp.to(id).emit("to it alone");
          if (id === socket.id) socket.emit("to itself");
        });
        socket.on("end by hand", async (id: string) => {
          const [remote] = await nsp.in(id).fetchSockets();
          remote?.disconnect();
          nsp.emit("after by hand");
          remote?.emit("to it alone");
          nsp.emit("left", (await nsp.fetchSockets()).length);
        });
      });
    },
    script: async ({ client }) => {
      const [a, b, c] = await Promise.all(["a", "b", "c"].map((lane) => client(lane).connects()));
      if (!a || !b || !c) return;
      for (const one of [a, b, c]) await one.ask("enter");
      a.tell("end", b.id);
      await Promise.all([a.hears("after"), c.hears("after"), b.isLost()]);
      a.tell("end by hand", c.id);
      await Promise.all([a.hears("left"), c.isLost()]);
      a.tell("end", a.id);
      await a.isLost();
    },
  },
  {
    title: "a socket whose connection its handler has closed is not connected",
    app: install,
    // Officially its `disconnect` has run before `conn.close()` returns; here it runs when this handler has ended. A
    // streamer's tells nobody.
    script: observed(async (observer, { client }) => {
      observer.tell("open the gate");
      const a = await client("a", { auth: { role: "streamer" } }).connects();
      a.tell("cut");
      await observer.hears("cut");
      await a.isLost();
    }),
  },
];
