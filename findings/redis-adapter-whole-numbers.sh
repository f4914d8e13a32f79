#!/usr/bin/env bash
# @socket.io/redis-adapter 8.3.0 with socket.io 4.8.4: a whole number from 2^64 on is heard as it was sent by the clients of the
# server that emits it, and as another number by those of every other server. Number.MAX_VALUE is 0 there.
#
# One emits to all, and one would have guessed that all hear one thing, or that the emit throws, as it does of a BigInt. What
# the adapter publishes is packed by notepack.io 3.0.1, which takes each whole number for an integer, and of one that is too
# large keeps the lower 64 bits. A number with a fraction is a float, and arrives. The sending server's own clients are
# written to past the adapter, by JSON.
#
# It matters to whoever says "no limit" by Number.MAX_VALUE, or counts in the smallest unit of a currency: it is right on a
# developer's machine, and on one server, and depends on the load balancer with two. socket.io-msgpack-parser 3.0.2 packs the
# same way, for everybody.
set -euo pipefail
for tool in redis-server node npm; do command -v "$tool" >/dev/null || { echo "it needs Redis and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
redis_pid=
trap '[[ -z $redis_pid ]] || kill "$redis_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4 redis@6.3.1 \
  @socket.io/redis-adapter@8.3.0 socket.io-msgpack-parser@3.0.2
redis-server --port 0 --unixsocket "$folder/redis" --save "" --appendonly no --daemonize no >redis.log &
redis_pid=$!
for _ in $(seq 100); do [[ -S redis ]] && break; sleep 0.1; done
cat >numbers.cjs <<'JS'
const { once } = require("node:events");
const { createServer } = require("node:http");
const { createAdapter } = require("@socket.io/redis-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");
const { Decoder, Encoder } = require("socket.io-msgpack-parser");

function parse(numbers) {
  const decoder = new Decoder();
  const decoded = once(decoder, "decoded");
  decoder.add(new Encoder().encode({ type: 2, nsp: "/", data: ["numbers", numbers] })[0]);
  return decoded;
}

async function startServer() {
  const publisher = createClient({ socket: { path: process.argv[2] } });
  const subscriber = publisher.duplicate();
  await Promise.all([publisher.connect(), subscriber.connect()]);
  const server = createServer();
  const app = new Server(server, { adapter: createAdapter(publisher, subscriber) });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { app, url: `http://127.0.0.1:${server.address().port}` };
}

async function connect({ url }) {
  const client = io(url, { transports: ["websocket"] });
  await once(client, "connect");
  return client;
}

(async () => {
  const servers = [await startServer(), await startServer()];
  const clients = await Promise.all(servers.map(connect));
  const numbers = [2 ** 63, 2 ** 64, 1e20, Number.MAX_VALUE, 0.5];
  const heard = Promise.all(clients.map((client) => once(client, "numbers")));
  const emit = () => servers[0].app.emit("numbers", numbers);
  emit();
  const again = setInterval(emit, 300); // the other server may still be subscribing
  const [[own], [other]] = await heard;
  clearInterval(again);
  const [{ data: [, parsed] }] = await parse(numbers);
  numbers.forEach((sent, at) => console.log(`${sent}: ${own[at]} here, ${other[at]} there, parsed as ${parsed[at]}`));
  process.exit();
})();
JS
node numbers.cjs "$folder/redis" | tee seen
diff seen - <<'SEEN'
9223372036854776000: 9223372036854776000 here, 9223372036854776000 there, parsed as 9223372036854776000
18446744073709552000: 18446744073709552000 here, 0 there, parsed as 0
100000000000000000000: 100000000000000000000 here, 7766279631452242000 there, parsed as 7766279631452242000
1.7976931348623157e+308: 1.7976931348623157e+308 here, 0 there, parsed as 0
0.5: 0.5 here, 0.5 there, parsed as 0.5
SEEN
