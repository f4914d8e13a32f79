#!/usr/bin/env bash
# socket.io-client 2.1.2 for Java: a `null` beside bytes empties the packet: an event loses its name and arguments, an
# acknowledgement what it says, and if the `null` comes first, the client its connection.
#
# `null` alone arrives, bytes alone arrive, and JSON has a null; one would have guessed that both together arrive, or that `emit`
# throws. The client takes bytes out of a packet's arguments one by one, and finds of its old org.json that what is null in an
# array is not there: it logs a warning, and the packet goes out with nothing in it. The official server hears an event of no
# name, or an answer of nothing; where the client had got to no bytes yet, it ends the connection for a broken packet.
#
# It matters to whoever answers as Node does, with an error that is null and a result: `ack.call(null, image)` costs the
# connection, every time. `JSONObject.NULL` is what arrives as null.
set -euo pipefail
for tool in java javac mvn node npm; do command -v "$tool" >/dev/null || { echo "it needs a JDK, Maven and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
server_pid=
trap '[[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4
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
const show = (values) => JSON.stringify(values.map((it) => (Buffer.isBuffer(it) ? `bytes ${it.toString("hex")}` : (it ?? `${it}`))));
new Server(http).on("connection", (socket) => {
  const { shape } = socket.handshake.auth;
  const end = () => socket.disconnect(true);
  socket.once("disconnect", (reason) => reason.startsWith("server") || console.log(`${shape}: ${reason}`));
  if (shape.startsWith("answer")) socket.emit("question", shape, (...values) => end(console.log(`${shape}: ${show(values)}`)));
  else socket.onAny((...values) => end(console.log(`${shape}: ${show(values)}`)));
});
http.listen(0, "127.0.0.1", () => require("node:fs").writeFileSync("port", String(http.address().port)));
JS
cat >Finding.java <<'JAVA'
import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Socket;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.json.JSONObject;

public class Finding {
  public static void main(String[] args) throws Exception {
    byte[] bytes = {1, 2};
    Map<String, Object[]> shapes = new LinkedHashMap<>();
    shapes.put("event, null", new Object[] {null});
    shapes.put("event, bytes", new Object[] {bytes});
    shapes.put("event, bytes and null", new Object[] {bytes, null});
    shapes.put("event, null and bytes", new Object[] {null, bytes});
    shapes.put("event, NULL and bytes", new Object[] {JSONObject.NULL, bytes});
    shapes.put("answer, null", new Object[] {null});
    shapes.put("answer, bytes and null", new Object[] {bytes, null});
    shapes.put("answer, null and bytes", new Object[] {null, bytes});
    for (Map.Entry<String, Object[]> shape : shapes.entrySet()) play(args[0], shape.getKey(), shape.getValue());
    System.exit(0);
  }

  /** Connects, says it, and waits until the server has heard something, which ends the connection. */
  static void play(String url, String shape, Object[] values) throws Exception {
    IO.Options options = new IO.Options();
    options.forceNew = true;
    options.reconnection = false;
    options.transports = new String[] {"polling"};
    options.auth = Map.of("shape", shape);
    Socket socket = IO.socket(URI.create(url), options);
    CountDownLatch ended = new CountDownLatch(1);
    socket.on(Socket.EVENT_DISCONNECT, ignored -> ended.countDown());
    socket.on("question", asked -> ((Ack) asked[1]).call(values));
    if (shape.startsWith("event")) socket.on(Socket.EVENT_CONNECT, ignored -> socket.emit("picture", values));
    socket.connect();
    if (!ended.await(10, TimeUnit.SECONDS)) throw new IllegalStateException("expected an end of " + shape + ", got none");
  }
}
JAVA
javac -cp 'lib/*' Finding.java
node server.cjs >seen &
server_pid=$!
for _ in $(seq 100); do [[ -s port ]] && break; sleep 0.1; done
java -cp '.:lib/*' Finding "http://127.0.0.1:$(cat port)" 2>client.log || { cat client.log; exit 1; }
cat seen
diff seen - <<'SEEN'
event, null: ["picture","null"]
event, bytes: ["picture","bytes 0102"]
event, bytes and null: []
event, null and bytes: forced close
event, NULL and bytes: ["picture","null","bytes 0102"]
answer, null: ["null"]
answer, bytes and null: []
answer, null and bytes: forced close
SEEN
