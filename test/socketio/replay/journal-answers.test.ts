import { describe, expect, it } from "vitest";
import type { Server } from "../../../lib/socketio/server.ts";
import { drain } from "../../support/manual-clock.ts";
import { Rig, type Client } from "../../support/rig.ts";

const rigOf = (app: (io: Server) => void) => new Rig(app, { instances: 3 });

const send = async (client: Client, ...events: string[]): Promise<string[]> => {
  void client.received;
  for (const event of events) {
    await client.send(`42${event}`);
    // A replay whose listener has asked for something lets that come first, which takes a moment of the event loop.
    await drain();
  }
  return client.received;
};

/** Answers the question whose event is `name`, and gives the turn that waits for it time to look. */
async function answer(rig: Rig, client: Client, frames: string[], name: string, value: string) {
  const question = frames.find((frame) => frame.includes(`["${name}"`));
  await client.send(`43${/^42(\d+)/.exec(question ?? "")?.[1]}[${JSON.stringify(value)}]`);
  await rig.advance(500);
}

describe("two handlers of one event that ask the client several things each", () => {
  it("get their own answers again, in whatever order these came", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        for (const who of ["a", "b"]) {
          socket.on("login", async () => {
            const first = (await socket.emitWithAck(`${who} first`)) as string;
            const second = (await socket.emitWithAck(`${who} second`)) as string;
            socket.on("move", () => socket.emit("moved", who, first, second));
          });
        }
      });
    });
    const client = await rig.connect();
    const firsts = await send(client, '["login"]');
    await answer(rig, client, firsts, "b first", "b1");
    const frames = client.received;
    await answer(rig, client, firsts, "a first", "a1");
    await answer(rig, client, [...frames, ...client.received], "b second", "b2");
    frames.push(...rig.transport.framesTo(client.connectionId));
    await answer(rig, client, frames, "a second", "a2");

    const moved = await send(client, '["move"]');

    expect(moved.toSorted()).toEqual(['42["moved","a","a1","a2"]', '42["moved","b","b1","b2"]']);
  });

  it("as do two connection listeners", async () => {
    const rig = rigOf((io) => {
      for (const who of ["a", "b"]) {
        io.on("connection", async (socket) => {
          const first = (await socket.emitWithAck(`${who} first`)) as string;
          const second = (await socket.emitWithAck(`${who} second`)) as string;
          socket.on("move", () => socket.emit("moved", who, first, second));
        });
      }
    });
    const client = await rig.open();
    await client.send("40");
    for (const name of ["b first", "a first", "a second", "b second"]) {
      const frames = rig.transport.framesTo(client.connectionId);
      await answer(rig, client, [...frames], name, name);
    }

    const moved = await send(client, '["move"]', '["move"]');

    expect(moved.toSorted()).toEqual(
      ["a", "a", "b", "b"].map((who) => `42["moved","${who}","${who} first","${who} second"]`),
    );
  });
});

describe("an answer that nobody awaits", () => {
  it("binds handlers by its callback, in the connection listener", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.emit("who", (name: string) => {
          socket.on("move", () => socket.emit("moved", name));
        });
      });
    });
    const client = await rig.open();
    await client.send("40");
    await answer(rig, client, client.received, "who", "ann");

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
  });

  it("binds them by its promise, too", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        void io.fetchSockets().then((sockets) => {
          socket.on("count", () => socket.emit("counted", sockets.length));
        });
      });
    });
    const client = await rig.connect();

    const frames = await send(client, '["count"]', '["count"]');

    expect(frames).toEqual(['42["counted",1]', '42["counted",1]']);
  });

  it("binds them in an event handler, which is journaled", async () => {
    const rig = rigOf((io) => {
      io.on("connection", (socket) => {
        socket.on("login", () => {
          socket.emit("who", (name: string) => {
            socket.on("move", () => socket.emit("moved", name));
          });
        });
      });
    });
    const client = await rig.connect();
    await answer(rig, client, await send(client, '["login"]'), "who", "ann");

    const frames = await send(client, '["move"]', '["move"]');

    expect(frames).toEqual(['42["moved","ann"]', '42["moved","ann"]']);
  });
});
