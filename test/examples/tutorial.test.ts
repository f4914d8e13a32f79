import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import type { Server } from "nonsticky";
import { serve, type TestServer } from "nonsticky/testing";
import { localCredentials, localRegion, startDynalite, type Dynalite } from "../support/dynalite.ts";
import { eventually } from "../support/waiting.ts";
import { Clients } from "../testing/clients.ts";

let dynalite: Dynalite;
let server: TestServer;
let clients: Clients;
let tables = 0;

beforeAll(async () => {
  dynalite = await startDynalite();
  vi.stubEnv("AWS_REGION", localRegion);
  vi.stubEnv("AWS_ACCESS_KEY_ID", localCredentials.accessKeyId);
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", localCredentials.secretAccessKey);
  vi.stubEnv("AWS_ENDPOINT_URL_DYNAMODB", dynalite.endpoint);
});

afterAll(async () => {
  vi.unstubAllEnvs();
  await dynalite.stop();
});

beforeEach(async () => {
  // One that nobody has created.
  vi.stubEnv("MESSAGES_TABLE", `tutorial-${process.pid}-${++tables}`);
  const app = new URL("../../examples/tutorial/server.ts", import.meta.url).href;
  // Each instance loads the module anew.
  const load = (instance: number) => import(`${app}?${tables}-${instance}`) as Promise<{ io: Server }>;
  server = await serve(load, { instances: 3 });
  clients = new Clients();
});

afterEach(async () => {
  clients.closeAll();
  await server.close();
});

type Heard = [text: string, offset: number];

/** A page of the tutorial, with what it has heard. */
function open(serverOffset = 0) {
  const options = { auth: { serverOffset }, ackTimeout: 10_000, retries: 3, transports: ["websocket"] };
  const socket = clients.connect(server.url, options);
  const heard: Heard[] = [];
  socket.on("chat message", (text: string, offset: number) => heard.push([text, offset]));
  const say = (text: string, clientOffset: string) =>
    socket.emitWithAck("chat message", text, clientOffset) as Promise<void>;
  const hears = (...expected: Heard[]) =>
    eventually(
      () => heard.length >= expected.length,
      () => `expected ${JSON.stringify(expected)}, got ${JSON.stringify(heard)}`,
    ).then(() => expect(heard).toEqual(expected));
  return { heard, say, hears };
}

it("everybody hears what is said, numbered", async () => {
  const [ada, bob] = [open(), open()];

  await ada.say("hello", "ada-0");
  await bob.say("hi", "bob-0");

  await ada.hears(["hello", 1], ["hi", 2]);
  await bob.hears(["hello", 1], ["hi", 2]);
});

it("a message that is sent again is acknowledged again, and stored and heard once", async () => {
  const ada = open();
  await ada.say("hello", "ada-0");
  await ada.say("hello", "ada-0");
  await ada.say("bye", "ada-1");

  await ada.hears(["hello", 1], ["bye", 2]);
  await open().hears(["hello", 1], ["bye", 2]);
});

it("messages at once get offsets without a gap, each its own", async () => {
  const [ada, bob] = [open(), open()];
  const texts = ["0", "1", "2", "3"];

  // The last of each twice, on whichever instances.
  await Promise.all(
    [...texts, "3"].flatMap((text) => [ada.say(text, `ada-${text}`), bob.say(text, `bob-${text}`)]),
  );
  await ada.say("end", "end");

  const late = open();
  await eventually(
    () => late.heard.at(-1)?.[0] === "end",
    () => `expected the end, got ${JSON.stringify(late.heard)}`,
  );
  expect(late.heard.map(([, offset]) => offset)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(late.heard.map(([text]) => text).toSorted()).toEqual([...texts, ...texts, "end"].toSorted());
});

it("a client that was away gets what it has missed, and nothing else", async () => {
  const ada = open();
  for (const number of [1, 2, 3]) await ada.say(`message ${number}`, `ada-${number}`);

  const late = open(2);

  await late.hears(["message 3", 3]);
});
