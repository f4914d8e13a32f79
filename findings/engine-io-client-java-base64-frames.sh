#!/usr/bin/env bash
# engine.io-client 2.1.0 for Java: base64 packets (`b…`) are read in payloads of polling, and not in text frames.
#
# In Engine.IO 4 a packet `bAQID` is three bytes, on whichever transport text is all that passes. One would have guessed that
# a client which decodes it in the answer of a GET decodes it in a text frame of a WebSocket, as the JavaScript and Python
# clients do. Here the payload's decoder looks for the `b`, and the packet's decoder, which the WebSocket transport calls, takes
# it for a packet type: the packet is an error, "parser error", and the client closes its connection.
#
# It matters wherever a gateway has no binary frames: a server that sends bytes loses its Java clients, over WebSocket alone.
set -euo pipefail
for tool in java javac mvn; do command -v "$tool" >/dev/null || { echo "it needs a JDK and Maven, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
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
cat >Finding.java <<'JAVA'
import io.socket.engineio.parser.Packet;
import io.socket.engineio.parser.Parser;
import java.util.Arrays;

public class Finding {
  static String describe(Packet<?> packet) {
    return packet.type + " " + (packet.data instanceof byte[] ? Arrays.toString((byte[]) packet.data) : packet.data);
  }

  @SuppressWarnings({"rawtypes", "unchecked"})
  public static void main(String[] args) {
    String[] inPayload = new String[1];
    Parser.decodePayload("bAQID", (Parser.DecodePayloadCallback) (packet, index, total) -> {
      inPayload[0] = describe(packet);
      return true;
    });
    String inFrame = describe(Parser.decodePacket("bAQID"));
    System.out.println("bAQID in a polling answer: " + inPayload[0]);
    System.out.println("bAQID in a text frame:     " + inFrame);
    System.exit(inPayload[0].equals("message [1, 2, 3]") && inFrame.startsWith("error") ? 0 : 1);
  }
}
JAVA
javac -cp 'lib/*' Finding.java
java -cp '.:lib/*' Finding
