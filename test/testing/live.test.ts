import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { serve, type TestServer } from "nonsticky/testing";
import { Clients } from "./clients.ts";

const clients = new Clients();
let server: TestServer;

afterEach(async () => {
  clients.closeAll();
  await server.close();
});

it("the variables of an app's file, and of its sockets, are the same on all of its copies", async () => {
  server = await serve(fileURLToPath(new URL("fixtures/live-app.mjs", import.meta.url)), { instances: 4 });
  const [ann, bob] = [clients.connect(server.url), clients.connect(server.url)];

  const first = (await ann.emitWithAck("join", "ann")) as unknown[];
  const second = (await ann.emitWithAck("join", "Ann")) as unknown[];
  await bob.emitWithAck("join", "bob");
  const visits = await (await fetch(`${server.url}/visits`)).text();
  const seen = (await ann.emitWithAck("look")) as { readonly started: number };

  const item = (given: string) => ({ given, at: "1970-01-01T00:00:00.000Z" });
  expect(first).toEqual([null, expect.any(Number), [item("ann")], ["other"]]);
  expect(second).toEqual(["ann", first[1], [item("ann"), item("Ann")], ["other"]]);
  expect(visits).toBe("4");
  expect(seen).toEqual({
    users: Object.fromEntries(["ann", "Ann", "bob"].map((name) => [name, { name, score: 0 }])),
    rooms: ["lobby", "den"],
    count: 4,
    game: { players: ["ann", "Ann", "bob"] },
    name: "Ann",
    started: first[1],
    dates: true,
    data: {},
    brands: [true, true, true, true, true],
  });

  ann.disconnect();
  await server.settled();

  expect(await bob.emitWithAck("look")).toMatchObject({ count: 3, name: "bob" });
});
