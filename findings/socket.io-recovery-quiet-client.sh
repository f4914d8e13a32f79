#!/usr/bin/env bash
# socket.io 4.8.4: a client that was away for a tenth of a second is not recovered, because its last event is older than the time
# for which it could have been away.
#
# `maxDisconnectionDuration` is how long a client may be gone and still get its id, rooms and missed events back. One would
# have guessed that it counts from the disconnection, for whoever has heard an event at all. The in-memory adapter deletes
# sessions and packets by it, once a minute; a client shows the last event it has heard, and where that is deleted, which says
# nothing of how long the client was gone, it begins anew. With the default of two minutes: whoever heard nothing for two to
# three.
#
# It matters to quiet apps, such as notifications: recovery works in every test, and in production hardly ever. An event to
# everybody more often than that, a heartbeat of the app's, keeps it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4 >/dev/null
cat >run.cjs <<'JS'
const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { io: connect } = require("socket.io-client");

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const next = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

/** Of a server of its own: a client that has heard one event, then does that, and then loses its connection. */
async function comeBack(listen) {
  const http = createServer();
  const io = new Server(http, { connectionStateRecovery: { maxDisconnectionDuration: 20_000 } });
  await new Promise((resolve) => http.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${http.address().port}`;
  const client = connect(url, { transports: ["websocket"], forceNew: true, reconnectionDelay: 100, reconnectionDelayMax: 100 });
  await next(client, "connect");
  const heard = next(client, "news");
  io.emit("news", 1);
  await heard;
  await listen(client, io);
  const wentAtMs = Date.now();
  client.io.engine.close();
  await next(client, "connect");
  const awayMs = Date.now() - wentAtMs;
  client.close();
  io.close();
  return { recovered: client.recovered, isBackInTime: awayMs < 20_000 };
}

async function main() {
  const [talking, quiet] = await Promise.all([
    comeBack(async (client, io) => {
      for (let second = 0; second < 85; second += 5) {
        const heard = next(client, "news");
        io.emit("news", second);
        await heard;
        await pause(5_000);
      }
    }),
    comeBack(() => pause(85_000)),
  ]);
  const seen = JSON.stringify({ talking, quiet });
  console.log(seen);
  const expected = JSON.stringify({
    talking: { recovered: true, isBackInTime: true },
    quiet: { recovered: false, isBackInTime: true },
  });
  process.exit(seen === expected ? 0 : 1);
}

main();
JS
node run.cjs
# {"talking":{"recovered":true,"isBackInTime":true},"quiet":{"recovered":false,"isBackInTime":true}}
