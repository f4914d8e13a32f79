#!/usr/bin/env bash
# python-engineio 4.15.1 (python-socketio 5.18.1), as a client over polling: it does not come back to a server that closes the
# connection, and over a WebSocket it does.
#
# `reconnection` is on by default: a client comes back when its connection is lost. A server that closes one sends a close
# packet where it polls, and ends the WebSocket where it does not; to the JavaScript client both are `transport close`, and it comes
# back from both. One would have guessed the same of this one. The packet, which a WebSocket never gets, means to it that the
# server wants it gone.
#
# It matters to whoever ends connections for a reason of the server's, a deployment or a session too old: those who poll are
# gone for good, without an error.
set -euo pipefail
folder=$(mktemp -d)
server_pid=
trap '[[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-socketio==5.18.1 python-engineio==4.15.1 requests websocket-client
cat >server.cjs <<'JS'
const http = require("node:http").createServer();
const { Server } = require("socket.io");
let connections = 0;
new Server(http).on("connection", (socket) => {
  connections += 1;
  if (connections === 1) setTimeout(() => socket.conn.close(), 300);
  else socket.emit("again");
});
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
JS
cat >client.py <<'PYTHON'
import sys, threading, socketio

_, url, transport = sys.argv
client = socketio.Client(reconnection_delay=0.1, reconnection_delay_max=0.2)
again = threading.Event()
client.on("again", again.set)
client.connect(url, transports=[transport], wait_timeout=10)
print(f"{transport}: {'comes back' if again.wait(6) else 'stays away'}", flush=True)
client.disconnect()
PYTHON
for transport in websocket polling; do
  node server.cjs >port &
  server_pid=$!
  until [[ -s port ]]; do sleep 0.1; done
  timeout 40 venv/bin/python client.py "http://127.0.0.1:$(cat port)" "$transport"
  kill "$server_pid"
  : >port
done | tee seen
printf 'websocket: comes back\npolling: stays away\n' >expected
cmp seen expected
