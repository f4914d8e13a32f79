#!/usr/bin/env bash
# engine.io-client 2.1.0 for Java: a close frame of the server goes unheard; the client takes itself for connected until its
# heartbeat runs out.
#
# A WebSocket ends by a handshake: one side says close, the other says it back. One would have guessed that a client tells its app
# when the server says it, as the JavaScript client does within milliseconds. okhttp tells of the server's close frame by
# `onClosing`, and leaves the answer to the app; this client listens for `onClosed` alone, which comes when somebody has
# answered. Nobody does.
#
# It matters to whoever ends connections from the server's side: a Java or Android client comes back a whole pingInterval and
# pingTimeout later, 45 s by default, and what it sends until then is lost.
set -euo pipefail
for tool in java javac mvn node npm; do command -v "$tool" >/dev/null || { echo "it needs a JDK, Maven and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
server_pid=
trap '[[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund engine.io@6.6.4 engine.io-client@6.6.3
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
      <artifactId>engine.io-client</artifactId>
      <version>2.1.0</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory=lib
cat >server.cjs <<'JS'
const http = require("node:http").createServer();
require("engine.io").attach(http).on("connection", (socket) => setTimeout(() => socket.close(), 500));
http.listen(0, "127.0.0.1", () => console.log(http.address().port));
JS
cat >client.cjs <<'JS'
const { Socket } = require("engine.io-client");
const socket = new Socket(process.argv[2], { transports: ["websocket"] });
socket.on("close", (reason) => tell(reason));
setTimeout(() => tell("nothing in 5 s"), 5000);
function tell(what) {
  console.log("JavaScript hears: " + what);
  process.exit();
}
JS
cat >Finding.java <<'JAVA'
import io.socket.engineio.client.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

public class Finding {
  public static void main(String[] args) throws Exception {
    Socket.Options options = new Socket.Options();
    options.transports = new String[] {"websocket"};
    Socket socket = new Socket(args[0], options);
    CountDownLatch opened = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    String[] reason = new String[1];
    socket.on(Socket.EVENT_OPEN, ignored -> opened.countDown());
    socket.on(Socket.EVENT_CLOSE, because -> {
      reason[0] = String.valueOf(because[0]);
      closed.countDown();
    });
    socket.open();
    if (!opened.await(10, TimeUnit.SECONDS)) throw new IllegalStateException("expected a connection, got none");
    System.out.println("Java hears: " + (closed.await(5, TimeUnit.SECONDS) ? reason[0] : "nothing in 5 s"));
    System.exit(0);
  }
}
JAVA
javac -cp 'lib/*' Finding.java
node server.cjs >port &
server_pid=$!
until [[ -s port ]]; do sleep 0.1; done
url="http://127.0.0.1:$(cat port)"
{ node client.cjs "$url"; java -cp '.:lib/*' Finding "$url"; } | tee seen
printf 'JavaScript hears: transport close\nJava hears: nothing in 5 s\n' >expected
cmp seen expected
