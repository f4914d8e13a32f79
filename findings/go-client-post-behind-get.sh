#!/usr/bin/env bash
# github.com/zishang520/socket.io 3.0.6, the client for Go: over polling it sends nothing while a GET of its own is parked.
#
# Polling has two directions at once: a GET that waits for the server, and POSTs beside it. The JavaScript client sends an
# event while its GET waits. One would have guessed that this client, which follows it file by file, does the same. It sends
# when the GET has ended: with a packet of the server, with a ping, or when the server's patience ends.
#
# It matters to whoever lets GETs wait long: an event of such a client is late by as much, up to the ping interval (25 s by
# default, 2 s here), while the same client over a WebSocket is not.
set -euo pipefail
for tool in go node npm; do command -v "$tool" >/dev/null || { echo "it needs Go and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
server_pid=
trap '[[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.3 socket.io-client@4.8.3
cat >server.cjs <<'JS'
const http = require("node:http").createServer();
const { Server } = require("socket.io");
const io = new Server(http, { pingInterval: 2000, pingTimeout: 20000 });
let parked = 0;
http.prependListener("request", (request, response) => {
  if (request.method === "GET" && request.url.includes("sid=")) {
    parked += 1;
    response.on("close", () => (parked -= 1));
  }
  if (request.method !== "POST") return;
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const name = /\["from (\w+)"/.exec(body)?.[1];
    if (name !== undefined) console.log(`${name}: its event comes while ${parked} of its GETs are parked`);
  });
});
io.on("connection", (socket) => socket.onAny((name, answer) => answer("ok")));
http.listen(0, "127.0.0.1", () => require("node:fs").writeFileSync("port", String(http.address().port)));
JS
cat >client.cjs <<'JS'
const socket = require("socket.io-client").io(process.argv[2], { transports: ["polling"] });
socket.on("connect", () => setTimeout(() => socket.emit("from JavaScript", () => process.exit(0)), 1000));
JS
cat >client.go <<'GO'
package main

import (
	"os"
	"time"

	"github.com/zishang520/socket.io/clients/engine/v3/transports"
	"github.com/zishang520/socket.io/clients/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

func main() {
	options := socket.DefaultOptions()
	options.SetTransports(types.NewSet(transports.Polling))
	io := socket.NewManager(os.Args[1], options).Socket("/", nil)
	answered := make(chan struct{})
	io.On("connect", func(...any) {
		go func() {
			time.Sleep(time.Second)
			io.Emit("from Go", func([]any, error) { close(answered) })
		}()
	})
	select {
	case <-answered:
	case <-time.After(30 * time.Second):
		os.Exit(1)
	}
}
GO
export GOFLAGS=-mod=mod
go mod init finding 2>/dev/null
go get github.com/zishang520/socket.io/clients/socket/v3@v3.0.6 2>/dev/null
go build -o client client.go
node server.cjs >seen &
server_pid=$!
for _ in $(seq 100); do [[ -s port ]] && break; sleep 0.1; done
url="http://127.0.0.1:$(cat port)"
node client.cjs "$url"
./client "$url"
cat seen
diff seen - <<'SEEN'
JavaScript: its event comes while 1 of its GETs are parked
Go: its event comes while 0 of its GETs are parked
SEEN
