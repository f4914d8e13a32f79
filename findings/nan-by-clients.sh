#!/usr/bin/env bash
# A NaN in an event, sent to socket.io 4.8.4: null from JavaScript (socket.io-client 4.8.4), the end of the connection from Python
# (python-socketio 5.18.1) and Java (socket.io-client 2.1.2), an event without name and values from Go (zishang520 3.0.6).
#
# JSON has no NaN. One would have guessed that a client sends null, as JSON.stringify has it, or that `emit` says no: Java's
# org.json and Go's encoding/json both refuse a NaN by an error. Python's json writes the word NaN, which is no JSON. In Java
# the error makes the text of the whole packet null, and in Go it leaves the packet's first character. None of the three says
# a word to the app.
#
# It matters to devices, where NaN is what a sensor says that has nothing to say: with each reading a reconnection, or an event
# that no listener hears.
set -euo pipefail
for tool in node npm python3 java javac mvn go; do command -v "$tool" >/dev/null || { echo "it needs Node, Python, a JDK, Maven and Go, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
server_pid=
java_pid=
trap 'for pid in $server_pid $java_pid; do kill "$pid" 2>/dev/null || true; done; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-socketio==5.18.1 websocket-client==1.9.0
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.socket</groupId>
      <artifactId>socket.io-client</artifactId>
      <version>2.1.2</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory=lib
cat >server.cjs <<'JS'
const http = require("node:http").createServer();
const { Server } = require("socket.io");
new Server(http).on("connection", (socket) => {
  const { language } = socket.handshake.auth;
  const packets = [];
  socket.conn.on("packet", ({ type, data }) => type === "message" && !`${data}`.startsWith("0") && packets.push(data));
  const tell = (what) => {
    if (packets.length > 0) console.log(`${language}: ${packets.splice(0).join(" ")} is ${what}`);
    socket.disconnect(true);
  };
  socket.onAny((...values) => tell(values.length === 0 ? "an event without a name" : `the event ${JSON.stringify(values)}`));
  socket.on("disconnect", (reason) => tell(`an end, ${reason}`));
});
http.listen(0, "127.0.0.1", () => require("node:fs").writeFileSync("port", String(http.address().port)));
JS
cat >client.cjs <<'JS'
const options = { transports: ["websocket"], reconnection: false, auth: { language: "JavaScript" } };
const socket = require("socket.io-client").io(process.argv[2], options);
socket.on("connect", () => socket.emit("reading", NaN));
socket.on("disconnect", () => process.exit());
JS
cat >client.py <<'PYTHON'
import sys

import socketio

client = socketio.Client(reconnection=False)
client.connect(sys.argv[1], auth={"language": "Python"}, transports=["websocket"], wait_timeout=10)
client.emit("reading", float("nan"))
client.wait()
PYTHON
cat >Client.java <<'JAVA'
import io.socket.client.IO;
import io.socket.client.Socket;
import java.net.URI;
import java.util.Map;

public class Client {
  public static void main(String[] args) throws Exception {
    IO.Options options = new IO.Options();
    options.transports = new String[] {"websocket"};
    options.reconnection = false;
    options.auth = Map.of("language", "Java");
    Socket socket = IO.socket(URI.create(args[0]), options);
    socket.on(Socket.EVENT_CONNECT, ignored -> socket.emit("reading", Double.NaN));
    socket.connect();
    Thread.sleep(20_000); // the end of a WebSocket goes unheard: engine-io-client-java-close-unheard.sh
    System.exit(1);
  }
}
JAVA
mkdir go
cat >go/client.go <<'GO'
package main

import (
	"math"
	"os"
	"time"

	"github.com/zishang520/socket.io/clients/engine/v3/transports"
	"github.com/zishang520/socket.io/clients/socket/v3"
	"github.com/zishang520/socket.io/v3/pkg/types"
)

func main() {
	options := socket.DefaultOptions()
	options.SetTransports(types.NewSet(transports.WebSocket))
	options.SetReconnection(false)
	options.SetAuth(map[string]any{"language": "Go"})
	io := socket.NewManager(os.Args[1], options).Socket("/", options)
	ended := make(chan struct{})
	io.On("connect", func(...any) {
		if io.Emit("reading", math.NaN()) != nil {
			os.Exit(1)
		}
	})
	io.On("disconnect", func(...any) { close(ended) })
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		os.Exit(1)
	}
}
GO
javac -cp 'lib/*' Client.java
export GOFLAGS=-mod=mod
(cd go && go mod init finding 2>/dev/null && go get github.com/zishang520/socket.io/clients/socket/v3@v3.0.6 2>/dev/null && go build -o client client.go)
node server.cjs >seen &
server_pid=$!
for _ in $(seq 100); do [[ -s port ]] && break; sleep 0.1; done
url="http://127.0.0.1:$(cat port)"
node client.cjs "$url"
venv/bin/python client.py "$url"
java -cp '.:lib/*' Client "$url" &
java_pid=$!
for _ in $(seq 200); do grep -q "^Java:" seen && break; sleep 0.1; done
kill "$java_pid"
go/client "$url"
cat seen
diff seen - <<'SEEN'
JavaScript: 2["reading",null] is the event ["reading",null]
Python: 2["reading",NaN] is an end, forced close
Java: 2null is an end, forced close
Go: 2 is an event without a name
SEEN
