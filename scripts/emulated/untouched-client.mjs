/**
 * Copied into the untouched app's folder: `untouched-client.mjs EDGE_URL`. What a browser does: it gets the page, logs in by
 * a route, connects with the cookie that it was given and default options, and hears what another route emits.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { io as connect } from "socket.io-client";

const [, , url] = process.argv;
setTimeout(() => fail("expected the routes and their clients to be done in 120 s"), 120_000).unref();

const page = await fetch(url);
expect([page.status, /<title>(.*)<\/title>/.exec(await page.text())?.[1]], [200, "A page"]);
expect((await fetch(`${url}/nowhere`)).status, 404);
done("its page");

const login = await post("/sessions", { user: "Ada" });
expect([login.status, await login.json()], [201, { user: "Ada" }]);
const cookie = login.headers
  .getSetCookie()
  .map((one) => one.split(";")[0])
  .join("; ");
expect(await (await fetch(`${url}/me`, { headers: { cookie } })).json(), { user: "Ada" });
const options = { forceNew: true, reconnection: false, extraHeaders: { cookie } };
const byDefault = connect(url, options);
const polling = connect(url, { ...options, transports: ["polling"] });
const stranger = connect(url, { ...options, transports: ["websocket"], extraHeaders: {} });
const clients = [byDefault, polling, stranger];
for (const client of clients) {
  client.on("connect_error", (error) => fail(`expected a connection, got ${error.message}`));
  if (!client.connected) await once(client, "connect");
}
expect(await Promise.all(clients.map((client) => client.timeout(60_000).emitWithAck("who"))), [
  "Ada",
  "Ada",
  null,
]);
done("a session that a route began, in a socket's handler");

const heard = Promise.all(clients.map((client) => once(client, "news")));
expect((await post("/news", { headline: "hello" })).status, 204);
expect(await heard, [[{ headline: "hello" }], [{ headline: "hello" }], [{ headline: "hello" }]]);
done("an emit from a route, over each transport");
// A GET that waits would still write its log when the stack has been removed.
for (const client of clients) client.disconnect();
await sleep(3_000);
process.exit(0);

function post(route, body) {
  const headers = { "content-type": "application/json" };
  return fetch(url + route, { method: "POST", headers, body: JSON.stringify(body) });
}

function done(what) {
  console.log(`  ok  untouched: ${what}`);
}

function expect(actual, expected) {
  const [got, wanted] = [actual, expected].map((value) => JSON.stringify(value));
  if (got !== wanted) fail(`expected ${wanted}, got ${got}`);
}

function fail(problem) {
  console.error(problem);
  process.exit(1);
}
