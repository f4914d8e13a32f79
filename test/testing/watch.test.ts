import { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { afterEach, expect, it } from "vitest";
import { Clients } from "./clients.ts";

const clients = new Clients();
let server: TestServer | undefined;

afterEach(async () => {
  clients.closeAll();
  await server?.close().catch(() => undefined);
});

function createCounting(): Server {
  let visits = 0;
  const io = new Server();
  io.on("connection", (socket) => {
    socket.on("visit", (ack: (count: number) => void) => ack((visits += 1)));
    socket.on("ask", (ack: (id: string) => void) => ack(socket.id));
  });
  return io;
}

const text =
  /^test\/testing\/watch\.test\.ts:\d+ visits \(number\) changed while "visit" was handled; the next packet may run elsewhere\. Keep it in io\.shared\("counts"\)/;

it("fails the test where a handler has changed a variable: settled and close reject with it", async () => {
  server = await serve(createCounting, { instances: 2, watch: true });
  const client = clients.connect(server.url);
  await client.timeout(5_000).emitWithAck("visit");

  await expect(server.settled()).rejects.toMatchObject({
    code: "testing.lost_variable",
    message: expect.stringMatching(text),
  });

  await client.timeout(5_000).emitWithAck("visit");
  await server.close();
});

it("lets close end the server before it rejects", async () => {
  server = await serve(createCounting(), { watch: true });
  const { url, close } = server;
  const client = clients.connect(url);
  await client.timeout(5_000).emitWithAck("visit");
  client.close();

  await expect(close()).rejects.toMatchObject({ code: "testing.lost_variable" });
  await expect(fetch(url)).rejects.toThrow();
});

it("says nothing of an app without such variables", async () => {
  server = await serve(createCounting, { instances: 2, watch: true });
  const client = clients.connect(server.url);
  await client.timeout(5_000).emitWithAck("ask");

  await server.settled();
  client.close();
  await server.close();
});

it("does not look without the option", async () => {
  server = await serve(createCounting);
  const client = clients.connect(server.url);
  await client.timeout(5_000).emitWithAck("visit");

  await server.settled();
});

it("names a variable of the connection listener as one, where no handler mentions the socket", async () => {
  const io = new Server();
  io.on("connection", (socket) => {
    let mine = 0;
    socket.on("visit", (ack: (count: number) => void) => ack((mine += 1)));
  });
  server = await serve(io, { watch: true });
  const client = clients.connect(server.url);
  await client.timeout(5_000).emitWithAck("visit");

  await expect(server.settled()).rejects.toMatchObject({
    message: expect.stringMatching(
      /mine \(number\) changed .*; the listener makes it anew before each packet\. Keep it in socket\.data\.mine$/,
    ) as string,
  });
});
