#!/usr/bin/env bash
# velocityjs 2.1.7 beside Apache Velocity 2.4.1: `replaceAll` replaces a text and not a pattern, `replace` the first one alone, and
# `split` splits at a text; the idiom of API Gateway's own documentation does nothing.
#
# API Gateway's mapping templates are in Velocity, whose strings are Java's: `replaceAll`, `replaceFirst` and `split` take regular
# expressions, `replace` a text, everywhere. velocityjs is what runs such templates in JavaScript, in tests and in emulators, and
# has the methods of Java that JavaScript lacks, such as `size()`. One would have guessed that those of one name in both do what
# the template's language says. They are JavaScript's.
#
# It matters to whoever tries a mapping template before it is deployed. `$util.escapeJavaScript(…).replaceAll("\\'", "'")`, which
# the reference of `$util` asks for since \' is no JSON, leaves every apostrophe escaped: the request is broken here, and right
# on AWS.
set -euo pipefail
for tool in java javac mvn node npm; do command -v "$tool" >/dev/null || { echo "it needs a JDK, Maven and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund velocityjs@2.1.7
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.velocity</groupId>
      <artifactId>velocity-engine-core</artifactId>
      <version>2.4.1</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DoutputDirectory=lib
cat >templates <<'VTL'
#set($text = "it\'s")$text.replaceAll("\\'", "'")
#set($text = "one,  two")$text.replaceAll(" +", " ")
#set($text = "a/b/c")$text.replace("/", "-")
#set($text = "a1b2c")$text.split("[0-9]").size()
#set($text = "a/b/c")$text.replaceAll("/", "-")
VTL
cat >Finding.java <<'JAVA'
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;

public class Finding {
  public static void main(String[] args) throws Exception {
    VelocityEngine engine = new VelocityEngine();
    for (String template : Files.readAllLines(Path.of("templates"))) {
      StringWriter text = new StringWriter();
      engine.evaluate(new VelocityContext(), text, "template", template);
      System.out.println(text);
    }
  }
}
JAVA
cat >finding.cjs <<'JS'
const { render } = require("velocityjs");
const templates = require("node:fs").readFileSync("templates", "utf8").trimEnd().split("\n");
for (const template of templates) console.log(render(template, {}));
JS
javac -cp 'lib/*' Finding.java
java -cp '.:lib/*' Finding >java.out 2>java.log || { cat java.log; exit 1; }
node finding.cjs >node.out
paste -d '|' templates java.out node.out | sed 's/^#set(\$text = //; s/)\$text/: /; s/|/  Apache: /; s/|/, velocityjs: /' | tee seen
diff seen - <<'SEEN'
"it\'s": .replaceAll("\\'", "'")  Apache: it's, velocityjs: it\'s
"one,  two": .replaceAll(" +", " ")  Apache: one, two, velocityjs: one,  two
"a/b/c": .replace("/", "-")  Apache: a-b-c, velocityjs: a-b/c
"a1b2c": .split("[0-9]").size()  Apache: 3, velocityjs: 1
"a/b/c": .replaceAll("/", "-")  Apache: a-b-c, velocityjs: a-b-c
SEEN
