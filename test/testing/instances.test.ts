import { afterEach, describe, expect, it } from "vitest";
import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { Clients } from "./clients.ts";

const clients = new Clients();
let server: TestServer;

afterEach(async () => {
  clients.closeAll();
  await server.close();
});

/** Counts in a variable, which works only as long as there is one instance. */
function createForgetful(): Server {
  const io = new Server();
  let count = 0;
  io.on("connection", (socket) => {
    socket.on("count", (ack: (count: number) => void) => {
      count += 1;
      ack(count);
    });
  });
  return io;
}

/** Counts where it should. */
function createMindful(): Server {
  const io = new Server();
  io.on("connection", (socket) => {
    socket.data.count ??= 0;
    socket.on("count", (ack: (count: number) => void) => {
      socket.data.count += 1;
      ack(socket.data.count as number);
    });
  });
  return io;
}

async function countThree(options = {}): Promise<unknown[]> {
  const client = clients.connect(server.url, options);
  const counts: unknown[] = [];
  for (let times = 0; times < 3; times += 1) counts.push(await client.emitWithAck("count"));
  return counts;
}

describe.each([
  ["default options", {}],
  ["a WebSocket", { transports: ["websocket"] }],
  ["polling", { transports: ["polling"] }],
])("with %s", (_, options) => {
  it("one app keeps its variables", async () => {
    server = await serve(createForgetful());

    expect(await countThree(options)).toEqual([1, 2, 3]);
  });

  it("no two packets in a row find what the one before left in a variable", async () => {
    server = await serve(createForgetful, { instances: 3 });

    const [first, second] = await countThree(options);

    expect([first, second]).toEqual([1, 1]);
  });

  it("what belongs to the socket is there on every instance", async () => {
    server = await serve(createMindful, { instances: 3 });

    expect(await countThree(options)).toEqual([1, 2, 3]);
  });
});

it("variables of modules are found out when each instance loads its own", async () => {
  const file = new URL("./fixtures/module-state.ts", import.meta.url).href;
  server = await serve((instance) => import(`${file}?instance=${instance}`) as Promise<{ io: Server }>, {
    instances: 2,
  });

  expect((await countThree()).slice(0, 2)).toEqual([1, 1]);
});

it("a broadcast reaches clients whichever instance it comes from, in the order of its sender", async () => {
  server = await serve(
    () => {
      const io = new Server();
      io.on("connection", (socket) => {
        socket.on("enter", async (ack: () => void) => {
          await socket.join("room");
          ack();
        });
        socket.on("say", (word: number) => io.to("room").emit("said", word));
      });
      return io;
    },
    { instances: 4 },
  );
  const heard: number[] = [];
  const listener = clients.connect(server.url, { transports: ["websocket"] });
  await listener.emitWithAck("enter");
  const all = new Promise<void>((resolve) =>
    listener.on("said", (word: number) => {
      heard.push(word);
      if (heard.length === 50) resolve();
    }),
  );
  const speaker = clients.connect(server.url);

  for (let word = 0; word < 50; word += 1) speaker.emit("say", word);
  await all;

  expect(heard).toEqual(Array.from({ length: 50 }, (_, word) => word));
});
