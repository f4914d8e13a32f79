#!/usr/bin/env bash
# github.com/zishang520/socket.io 3.0.6, the client for Go: it gives a cookie back when it polls, and not when it moves to a
# WebSocket, so that behind a balancer with sticky sessions it never gets there.
#
# A balancer such as AWS's ALB sends a session's requests to one server by a cookie of its own, which the client has to give
# back; Socket.IO's documentation asks for that where there are several servers. One would have guessed that a client either
# has cookies, as Python's has by default and JavaScript's by `withCredentials`, or has none, as Java's. This one has them in its
# HTTP client, and opens WebSockets by another. Its upgrade comes to whichever server is next, which does not know the session.
#
# It matters to whoever runs official servers behind a balancer: nothing fails. The client polls for good, at a request for each
# event and each answer, and tests with one server show a WebSocket.
set -euo pipefail
for tool in node npm python3 go; do command -v "$tool" >/dev/null || { echo "it needs Node, Python and Go, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
server_pid=
trap '[[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-socketio==5.18.1 requests==2.32.5 websocket-client==1.9.0
cat >servers.cjs <<'JS'
const http = require("node:http");
const net = require("node:net");
const { writeFileSync } = require("node:fs");
const { Server } = require("socket.io");

/** A server of Socket.IO that says two seconds after a connection over what it goes by then. */
function startServer() {
  const server = http.createServer();
  new Server(server).on("connection", (socket) => setTimeout(() => {
    console.log(`${socket.handshake.auth.language}: ${socket.conn.transport.name}`);
    socket.disconnect(true);
  }, 2000));
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
}

/** A balancer: who shows its cookie comes to the same server again, anybody else to the next one. */
function startBalancer(ports) {
  let turns = 0;
  const choose = ({ headers: { cookie = "" } }) => Number(/BALANCER=(\d)/.exec(cookie)?.[1] ?? turns++ % ports.length);
  const balancer = http.createServer((request, response) => {
    const chosen = choose(request);
    const { method, url: path, headers } = request;
    const passed = http.request({ host: "127.0.0.1", port: ports[chosen], method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode, { ...answer.headers, "set-cookie": `BALANCER=${chosen}; Path=/` });
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  balancer.on("upgrade", (request, socket) => {
    const server = net.connect(ports[choose(request)], "127.0.0.1");
    const lines = request.rawHeaders.map((text, at) => text + (at % 2 === 0 ? ": " : "\r\n")).join("");
    server.write(`GET ${request.url} HTTP/1.1\r\n${lines}\r\n`);
    server.pipe(socket).pipe(server);
    for (const end of [server, socket]) end.on("error", () => end.destroy());
  });
  writeFileSync("alone", String(ports[0]));
  balancer.listen(0, "127.0.0.1", () => writeFileSync("port", String(balancer.address().port)));
}

Promise.all([startServer(), startServer()]).then(startBalancer);
JS
cat >client.cjs <<'JS'
const { io } = require("socket.io-client");
const socket = io(process.argv[2], { withCredentials: true, reconnection: false, auth: { language: "JavaScript" } });
socket.on("disconnect", () => process.exit());
JS
cat >client.py <<'PYTHON'
import sys

import socketio

client = socketio.Client(reconnection=False)
client.connect(sys.argv[1], auth={"language": "Python"}, wait_timeout=10)
client.wait()
PYTHON
mkdir go
cat >go/client.go <<'GO'
package main

import (
	"os"
	"time"

	"github.com/zishang520/socket.io/clients/socket/v3"
)

func main() {
	options := socket.DefaultOptions()
	options.SetReconnection(false)
	options.SetAuth(map[string]any{"language": os.Args[2]})
	io := socket.NewManager(os.Args[1], options).Socket("/", options)
	ended := make(chan struct{})
	io.On("disconnect", func(...any) { close(ended) })
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		os.Exit(1)
	}
}
GO
export GOFLAGS=-mod=mod
(cd go && go mod init finding 2>/dev/null && go get github.com/zishang520/socket.io/clients/socket/v3@v3.0.6 2>/dev/null && go build -o client client.go)
node servers.cjs >seen &
server_pid=$!
for _ in $(seq 100); do [[ -s port ]] && break; sleep 0.1; done
url="http://127.0.0.1:$(cat port)"
node client.cjs "$url"
venv/bin/python client.py "$url"
go/client "$url" "Go"
go/client "http://127.0.0.1:$(cat alone)" "Go, past the balancer"
cat seen
diff seen - <<'SEEN'
JavaScript: websocket
Python: websocket
Go: polling
Go, past the balancer: websocket
SEEN
