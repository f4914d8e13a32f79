import type { Participant } from "../participant.ts";
import type { ClientOptions, Scenario, Stage } from "../scenario.ts";

/** Whoever leaves is reported to the observers: reason, rooms while leaving, and rooms once gone. */
const reporting: Scenario["app"] = ({ nsp, of }) => {
  for (const one of [nsp, of("side")]) {
    one.on("connection", (socket) => {
      void socket.join(socket.handshake.auth["observer"] === true ? ["observers"] : ["crowd", "floor"]);
      const rooms = () => [...socket.rooms].map((room) => (room === socket.id ? "own" : room)).toSorted();
      socket.on("disconnecting", (reason) => nsp.to("observers").emit("leaving", one.name, reason, rooms()));
      socket.on("disconnect", (reason) => {
        nsp.to("observers").emit("left", one.name, reason, rooms(), socket.connected);
      });
      socket.on("bye", (close: boolean) => {
        socket.emit("farewell");
        socket.disconnect(close);
        socket.emit("never");
      });
      socket.on("cut", () => socket.conn.close());
      socket.on("crowd", (word: string) => {
        nsp.to("crowd").emit("crowd", word);
        nsp.to("observers").emit("crowd told", word);
      });
      socket.on("check", (ack: (alive: boolean) => void) => ack(socket.connected));
      socket.emit("in");
    });
  }
};

type Enter = (lane: string, options?: ClientOptions) => Promise<Participant>;
type Play = (enter: Enter, stage: Stage) => Promise<void>;

const observed =
  (act: Play): Scenario["script"] =>
  (stage) =>
    act(async (lane, options) => {
      const one = stage.client(lane, options);
      await one.hears("in");
      return one;
    }, stage);

const observer = { auth: { observer: true } };

export const closing: readonly Scenario[] = [
  {
    title: "a client leaves its namespace",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      a.socket.disconnect();
      await o.hears("left");
      o.tell("crowd", "anybody?");
      await o.hears("crowd told");
    }),
  },
  {
    title: "a client leaves one of two namespaces",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      const side = await enter("side", { nsp: "side", beside: a });
      side.socket.disconnect();
      await o.hears("left");
      await a.ask("check");
    }),
  },
  {
    title: "a client comes back to a namespace it left",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      const side = await enter("side", { nsp: "side", beside: a });
      side.socket.disconnect();
      await o.hears("left");
      side.socket.connect();
      await side.hears("in");
      await side.ask("check");
    }),
  },
  {
    title: "a client closes its connection",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      a.socket.io.engine.close();
      await Promise.all([a.isLost(), o.hears("left")]);
    }),
  },
  {
    title: "a connection that breaks",
    app: reporting,
    script: observed(async (enter, { wire, nsp }) => {
      const o = await enter("o", observer);
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.frame(`42${nsp},["in"]`);
      a.hangUp();
      await o.hears("left");
    }),
  },
  {
    title: "the server disconnects a socket from its namespace",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      const side = await enter("side", { nsp: "side", beside: a });
      a.tell("bye", false);
      await Promise.all([a.isLost(), o.hears("left")]);
      await side.ask("check");
    }),
  },
  {
    title: "the server disconnects a client with all its namespaces",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      a.tell("bye", true);
      await Promise.all([a.isLost(), o.hears("left")]);
    }),
  },
  {
    title: "disconnect with close ends every namespace of the connection",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      const side = await enter("side", { nsp: "side", beside: a });
      a.tell("bye", true);
      await Promise.all([a.isLost(), side.isLost()]);
      await o.hears("left");
      await o.hears("left");
    }),
  },
  {
    title: "the server closes the connection below Socket.IO",
    app: reporting,
    script: observed(async (enter) => {
      const o = await enter("o", observer);
      const a = await enter("a");
      a.tell("cut");
      await Promise.all([a.isLost(), o.hears("left")]);
    }),
  },
  {
    title: "a client that breaks the protocol is cut off",
    app: reporting,
    script: observed(async (enter, { wire, nsp }) => {
      const o = await enter("o", observer);
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.frame(`42${nsp},["in"]`);
      a.send('42/never-joined,["x"]');
      await a.closed();
      await o.hears("left");
    }),
  },
  {
    title: "a client that sends an unknown Engine packet is cut off",
    app: reporting,
    script: observed(async (enter, { wire, nsp }) => {
      const o = await enter("o", observer);
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.frame(`42${nsp},["in"]`);
      a.send("9");
      await a.closed();
      await o.hears("left");
    }),
  },
  {
    title: "a client that pings is cut off",
    app: reporting,
    script: observed(async (enter, { wire, nsp }) => {
      const o = await enter("o", observer);
      const a = await wire("a");
      a.send(`40${nsp},`);
      await a.frame(`42${nsp},["in"]`);
      a.send("2probe");
      await a.closed();
      await o.hears("left");
    }),
  },
  {
    title: "a client reconnects by itself after its connection was cut",
    app: reporting,
    script: observed(async (enter) => {
      const a = await enter("a", { reconnection: true, reconnectionDelay: 10, reconnectionDelayMax: 20 });
      a.tell("cut");
      await a.isLost();
      await a.hears("in");
      await a.ask("check");
    }),
  },
  {
    title: "a disconnect inside the connection listener",
    app: ({ nsp, of }) => {
      nsp.on("connection", (socket) => {
        socket.emit("hello and goodbye");
        socket.disconnect();
      });
      of("side").on("connection", (socket) => socket.emit("in"));
    },
    script: async ({ client }) => {
      const a = client("a");
      await a.isLost();
      await client("side", { nsp: "side", beside: a }).hears("in");
    },
  },
];
