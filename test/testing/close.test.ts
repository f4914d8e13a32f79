import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { createEngine, Server } from "nonsticky";
import { serve, TestingError, type Servable, type ServeOptions } from "nonsticky/testing";
import { Clients, next } from "./clients.ts";

const clients = new Clients();

afterEach(() => clients.closeAll());

function createEcho(name = ""): Server {
  const io = new Server();
  io.on("connection", (socket) => socket.on("echo", (value, ack) => ack(`${name}${value}`)));
  return io;
}

it("a process ends by itself once its server is closed", async () => {
  const script = fileURLToPath(new URL("./fixtures/serve-and-close.ts", import.meta.url));
  const child = spawn(process.execPath, ["--conditions=nonsticky-source", "--import", "tsx", script]);
  let printed = "";
  child.stdout.on("data", (data: Buffer) => (printed += data.toString()));
  child.stderr.on("data", (data: Buffer) => (printed += data.toString()));

  const [code] = (await once(child, "close")) as [number];

  expect({ code, printed }).toEqual({ code: 0, printed: "closed\n" });
});

it.each([
  ["a WebSocket", { transports: ["websocket"] }],
  ["polling", { transports: ["polling"] }],
])("closing ends clients over %s, and their disconnect handlers run", async (_, options) => {
  const reasons: string[] = [];
  const io = createEcho();
  io.on("connection", (socket) => socket.on("disconnect", (reason) => void reasons.push(reason)));
  const server = await serve(io);
  const client = clients.connect(server.url, options);
  await client.emitWithAck("echo", 1);
  const lost = next(client, "disconnect");

  await server.close();

  expect((await lost)[0]).toBe("transport close");
  expect(reasons).toEqual(["server shutting down"]);
  await expect(fetch(server.url)).rejects.toThrow();
});

it("closing twice is closing once", async () => {
  const server = await serve(createEcho());

  await Promise.all([server.close(), server.close()]);
  await server.close();

  await server.settled();
});

it("two servers know nothing of each other", async () => {
  const [one, two] = await Promise.all([serve(createEcho("one ")), serve(createEcho("two "))]);

  const answers = await Promise.all(
    [one, two].map(({ url }) => clients.connect(url).emitWithAck("echo", "x") as Promise<string>),
  );

  expect(answers).toEqual(["one x", "two x"]);
  await one.close();
  expect(await clients.connect(two.url).emitWithAck("echo", "y")).toBe("two y");
  await two.close();
});

it("an app is served again once its server is closed", async () => {
  const io = createEcho();
  for (const value of ["first", "second"]) {
    const server = await serve(io);

    expect(await clients.connect(server.url).emitWithAck("echo", value)).toBe(value);

    await server.close();
  }
});

it("refuses to serve an app twice at a time", async () => {
  const io = createEcho();
  const server = await serve(io);

  await expect(serve(io)).rejects.toMatchObject({ code: "testing.already_served" });
  await expect(serve(() => io, { instances: 2 })).rejects.toMatchObject({ code: "testing.already_served" });

  await server.close();
});

it("refuses a port that is in use, and serves the app elsewhere", async () => {
  const taken = createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as { port: number };
  const io = createEcho();

  const refusal = await serve(io, { port }).catch((error: unknown) => error);

  expect(refusal).toBeInstanceOf(TestingError);
  expect(refusal).toMatchObject({ code: "testing.port_in_use", evidence: { port } });
  await (await serve(io)).close();
  taken.close();
});

it("listens on the port it is given", async () => {
  const first = await serve(createEcho());
  const { port } = first;
  await first.close();

  const second = await serve(createEcho(), { port });

  expect(second).toMatchObject({ port, url: `http://127.0.0.1:${port}` });
  await second.close();
});

it("refuses several instances of an app that exists once", async () => {
  const engine = createEngine({ onMessage: () => undefined });

  await expect(serve(engine, { instances: 2 })).rejects.toMatchObject({ code: "testing.needs_factory" });
});

it.each([
  [{ instances: 0 }, "config.bad_option"],
  [{ instances: 1.5 }, "config.bad_option"],
  [{ instance: 3 }, "config.unknown_option"],
  [{ port: "3000" }, "config.bad_option"],
  [{ port: 65_536 }, "config.bad_option"],
  [{ replace: "socket.io" }, "config.bad_option"],
  [{ replace: [/socket/] }, "config.bad_option"],
  [{ keep: "yes" }, "config.bad_option"],
  [{ watch: 1 }, "config.bad_option"],
  [{ logLevel: "loud" }, "config.bad_option"],
  [{ onRequest: {} }, "config.bad_option"],
  [3000, "config.bad_option"],
  [null, "config.bad_option"],
])("refuses the options %o", async (options, code) => {
  await expect(serve(() => createEcho(), options as ServeOptions)).rejects.toMatchObject({ code });
});

it.each([[undefined], [{}], [{ io: 1 }], [() => ({})]])("refuses to serve %o", async (subject) => {
  await expect(serve(subject as unknown as Servable)).rejects.toMatchObject({ code: "testing.no_app" });
});
