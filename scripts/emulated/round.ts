import { setTimeout as sleep } from "node:timers/promises";
import { io, type ManagerOptions, type Socket } from "socket.io-client";

/**
 * `round.ts ORDERING WEBSOCKET_URL POLL_URL PATH [EDGE_URL]`: stock clients of an app like app.ts, over each transport by
 * itself and, where there is an edge, with default options from polling to a WebSocket. One line a check; the exit code
 * is 1 if one fails. Started by deploy.ts in the emulator's environment.
 */

const [ordering = "fifo", websocketUrl = "", pollUrl = "", path = "/socket.io", edgeUrl] =
  process.argv.slice(2);
/** To learn whether all is well, not what is: the first check that fails ends it. */
const stopsAtFailure = process.env["EMULATED_ROUND"] === "first-failure";
const giveUpMs = 15_000;
let failures = 0;
let passed = 0;

type Options = Partial<ManagerOptions> & { readonly auth?: { readonly nickname: string } };
type Open = (nickname: string, more?: Options) => Socket;

const { origin, pathname } = new URL(websocketUrl);
const ways: Readonly<Record<string, Open>> = {
  websocket: (nickname, more) =>
    io(origin, { ...single, path: pathname, transports: ["websocket"], auth: { nickname }, ...more }),
  polling: (nickname, more) =>
    io(pollUrl, { ...single, path, transports: ["polling"], auth: { nickname }, ...more }),
};
const single = { forceNew: true, reconnection: false, timeout: giveUpMs } as const;

for (const [way, open] of Object.entries(ways)) await playRound(way, open);
if (edgeUrl !== undefined) {
  await playRound("edge", (nickname, more) => io(edgeUrl, { ...single, path, auth: { nickname }, ...more }));
  await check("edge: a client with default options upgrades, and goes on", () => upgrade(edgeUrl));
}
console.log(`${passed} of ${passed + failures} checks`);
process.exit(failures === 0 && passed > 0 ? 0 : 1);

async function playRound(way: string, open: Open): Promise<void> {
  const [ada, bob] = [open("Ada", { query: { from: "here" } }), open("Bob")];
  const is = (text: string, run: () => Promise<void>) => check(`${way}: ${text}`, run);
  await is("connects, and the handshake has query and address", async () => {
    const welcome = next(ada, "welcome");
    await Promise.all([connected(ada), connected(bob)]);
    const [{ address, query }] = (await welcome) as [{ address: string; query: Record<string, string> }];
    expectEqual(query["from"], "here");
    expectEqual(address, "127.0.0.1");
  });
  await is("acknowledges what would break a form, a template or a letter", async () => {
    const value = { text: `ü€😀 a,b{}"'&=+% #$ \${x} #end \\`, list: [1, null, true] };
    expectEqual(await ask(ada, "echo", value), value);
  });
  await is("joins rooms and emits to them", async () => {
    expectEqual(await ask(ada, "enter", "lobby"), ["Ada"]);
    const entered = next(ada, "entered");
    expectEqual(await ask(bob, "enter", "lobby"), ["Ada", "Bob"]);
    expectEqual(await entered, ["Bob"]);
    const heard = Promise.all([next(ada, "said"), next(bob, "said")]);
    bob.emit("say", "lobby", "hello");
    expectEqual(await heard, [
      ["Bob", "hello"],
      ["Bob", "hello"],
    ]);
  });
  await is("emits to everybody", async () => {
    const heard = Promise.all([next(ada, "shouted"), next(bob, "shouted")]);
    ada.emit("shout", "fire");
    expectEqual(await heard, [["fire"], ["fire"]]);
  });
  await is("asks the client inside of a handler", async () => {
    ada.on("question", (number: number, answer: (sum: number) => void) => answer(number + 1));
    expectEqual(await ask(ada, "ask me"), 42);
  });
  if (ordering === "fifo") {
    await is("handles thirty frames in order", async () => {
      const counts = await Promise.all(Array.from({ length: 30 }, () => ask(ada, "count")));
      expectEqual(
        counts,
        Array.from({ length: 30 }, (_, index) => index + 1),
      );
    });
    await is("carries bytes both ways", async () => {
      const eve = open("Eve", { forceBase64: true });
      await connected(eve);
      const bytes = next(eve, "bytes");
      expectEqual(await ask(eve, "bytes", Buffer.from([1, 2, 255])), [1, 2, 255]);
      expectEqual([...new Uint8Array((await bytes)[0] as ArrayBuffer)], [0, 127, 128, 255]);
      eve.disconnect();
    });
  }
  await is("says who is refused, and why", async () => {
    const nobody = open("nobody");
    const [error] = await next(nobody, "connect_error");
    expectEqual((error as Error).message, "who are you?");
    nobody.disconnect();
  });
  await is("tells others of a client that leaves", async () => {
    const left = next(ada, "leaves");
    bob.disconnect();
    expectEqual(await left, ["Bob", "client namespace disconnect"]);
  });
  await is("closes a client that is kicked", async () => {
    const closed = next(ada, "disconnect");
    ada.emit("kick me");
    expectEqual((await closed)[0], "io server disconnect");
  });
  for (const one of [ada, bob]) one.disconnect();
}

async function upgrade(url: string): Promise<void> {
  const client = io(url, { path, forceNew: true, auth: { nickname: "Ada" } });
  try {
    const transports: string[] = [];
    const upgraded = new Promise((resolve) => {
      client.io.once("open", () => {
        transports.push(client.io.engine.transport.name);
        client.io.engine.once("upgrade", resolve);
      });
    });
    await Promise.all([connected(client), upgraded]);
    transports.push(client.io.engine.transport.name);
    expectEqual(transports, ["polling", "websocket"]);
    for (const number of [1, 2, 3]) expectEqual(await ask(client, "echo", number), number);
  } finally {
    client.disconnect();
  }
}

async function check(name: string, run: () => Promise<void>): Promise<void> {
  const startedMs = Date.now();
  const problem = await Promise.race([
    run().then(
      () => undefined,
      (error: Error) => error.message,
    ),
    sleep(giveUpMs, `nothing for ${giveUpMs} ms`, { ref: false }),
  ]);
  if (problem === undefined) passed++;
  else failures++;
  const said = problem === undefined ? "" : `: ${problem}`;
  console.log(`  ${problem === undefined ? "ok" : "NOT OK"}  ${name} (${Date.now() - startedMs} ms)${said}`);
  if (problem !== undefined && stopsAtFailure) process.exit(1);
}

function connected(client: Socket): Promise<void> {
  if (client.connected) return Promise.resolve();
  return new Promise((resolve, reject) => {
    client.once("connect", resolve);
    client.once("connect_error", (error) => reject(new Error(`expected a connection, got ${error.message}`)));
  });
}

function next(client: Socket, event: string): Promise<unknown[]> {
  return new Promise((resolve) => client.once(event, (...args: unknown[]) => resolve(args)));
}

function ask(client: Socket, event: string, ...args: unknown[]): Promise<unknown> {
  return client.timeout(giveUpMs).emitWithAck(event, ...args) as Promise<unknown>;
}

function expectEqual(actual: unknown, expected: unknown): void {
  const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (got !== wanted) throw new Error(`expected ${wanted}, got ${got}`);
}
