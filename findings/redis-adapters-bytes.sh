#!/usr/bin/env bash
# @socket.io/redis-adapter 8.3.0 and @socket.io/redis-streams-adapter 0.3.1 with socket.io 4.8.4: what is bytes to the clients of
# the server that emits is other bytes, or no bytes, to the clients of the other servers.
#
# A typed array and an ArrayBuffer are binary to Socket.IO: without an adapter a client gets their memory, a Float32Array of one
# number as four bytes. One would have guessed that an adapter between servers carries that, or refuses it. The one of Redis's
# channels packs a typed array by its elements, a byte each: 1.5 arrives as the byte 1. The one of streams packs by
# @msgpack/msgpack, to which a typed array is bytes, and an ArrayBuffer an object without keys: {} is what arrives.
#
# It matters to whoever sends samples, meshes or files to a room: with one server they arrive, and behind a load balancer with
# those clients that happen to share the sender's server. A Buffer, made of the array's memory, arrives by both.
set -euo pipefail
for tool in redis-server node npm; do command -v "$tool" >/dev/null || { echo "it needs Redis and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
redis_pid=
trap '[[ -z $redis_pid ]] || kill "$redis_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4 redis@6.3.1 \
  @socket.io/redis-adapter@8.3.0 @socket.io/redis-streams-adapter@0.3.1
redis-server --port 0 --unixsocket "$folder/redis" --save "" --appendonly no --daemonize no >redis.log &
redis_pid=$!
for _ in $(seq 100); do [[ -S redis ]] && break; sleep 0.1; done
cat >bytes.cjs <<'JS'
const { once } = require("node:events");
const { createServer } = require("node:http");
const channels = require("@socket.io/redis-adapter");
const streams = require("@socket.io/redis-streams-adapter");
const { createClient } = require("redis");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const adapters = {
  channels: (client, other) => channels.createAdapter(client, other),
  streams: (client) => streams.createAdapter(client),
};

async function startServer(adapter) {
  const client = createClient({ socket: { path: process.argv[2] } });
  const other = client.duplicate();
  await Promise.all([client.connect(), other.connect()]);
  const server = createServer();
  const app = new Server(server, { adapter: adapter(client, other) });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { app, url: `http://127.0.0.1:${server.address().port}` };
}

async function connect({ url }) {
  const client = io(url, { transports: ["websocket"] });
  await once(client, "connect");
  return client;
}

/** What the client hears, said until it does: a server may still be subscribing. */
async function hear(app, clients, event, value) {
  const heard = Promise.all(clients.map((client) => once(client, event)));
  const again = setInterval(() => app.emit(event, value), 300);
  app.emit(event, value);
  const all = await heard;
  clearInterval(again);
  return all.map(([it]) => (Buffer.isBuffer(it) ? `bytes ${it.toString("hex")}` : JSON.stringify(it)));
}

(async () => {
  const floats = new Float32Array([1.5]);
  const values = { Float32Array: floats, ArrayBuffer: floats.buffer, Buffer: Buffer.from(floats.buffer) };
  for (const [kind, adapter] of Object.entries(adapters)) {
    const servers = [await startServer(adapter), await startServer(adapter)];
    const clients = await Promise.all(servers.map(connect));
    for (const [name, value] of Object.entries(values)) {
      const [here, there] = await hear(servers[0].app, clients, name, value);
      console.log(`${kind}, ${name}: ${here} here, ${there} there`);
    }
  }
  process.exit();
})();
JS
node bytes.cjs "$folder/redis" | tee seen
diff seen - <<'SEEN'
channels, Float32Array: bytes 0000c03f here, bytes 01 there
channels, ArrayBuffer: bytes 0000c03f here, bytes 0000c03f there
channels, Buffer: bytes 0000c03f here, bytes 0000c03f there
streams, Float32Array: bytes 0000c03f here, bytes 0000c03f there
streams, ArrayBuffer: bytes 0000c03f here, {} there
streams, Buffer: bytes 0000c03f here, bytes 0000c03f there
SEEN
