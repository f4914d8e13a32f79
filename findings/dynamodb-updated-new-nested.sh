#!/usr/bin/env bash
# DynamoDB Local 2.6.1 and dynalite 4.0.0: after `SET tries[2] = :new` with `ReturnValues: UPDATED_NEW`, the new element is at
# `tries[2]` of the answer in one of them, and at `tries[0]` in the other.
#
# DynamoDB's documentation says that "only the updated attributes" come back. Of an element of a list or a map one would have
# guessed that this is the element, in both. dynalite gives just that, in a list or a map that holds nothing else. Amazon's own
# emulator gives the whole attribute that the path begins with.
#
# It matters to whoever reads an element of a list out of the answer, which by its index is somebody else's or none in one of
# them, and to whoever learns from the names in the answer what was changed. By a name both read the same, and ALL_NEW is the
# same everywhere.
set -euo pipefail
for tool in java mvn node npm; do command -v "$tool" >/dev/null || { echo "it needs a JRE, Maven and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
java_pid=
trap '[[ -z $java_pid ]] || kill "$java_pid"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1169.0 @aws-sdk/lib-dynamodb@3.1169.0 dynalite@4.0.0
cat >pom.xml <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>com.amazonaws</groupId>
      <artifactId>DynamoDBLocal</artifactId>
      <version>2.6.1</version>
    </dependency>
  </dependencies>
</project>
POM
mvn --quiet --batch-mode org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies -DincludeScope=runtime -DoutputDirectory=lib
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
java -Djava.library.path=lib -cp 'lib/*' com.amazonaws.services.dynamodbv2.local.main.ServerRunner -inMemory -disableTelemetry -port "$port" >java.log 2>&1 &
java_pid=$!
cat >finding.cjs <<'JS'
const { once } = require("node:events");
const { CreateTableCommand, DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, PutCommand, UpdateCommand } = require("@aws-sdk/lib-dynamodb");

async function ask(name, port) {
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: "us-east-1", credentials, maxAttempts: 20 });
  const table = DynamoDBDocumentClient.from(client);
  const TableName = "finding";
  await client.send(new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  for (const UpdateExpression of ["SET tries[2] = :new", "SET points.ann = :new"]) {
    await table.send(new PutCommand({ TableName, Item: { pk: "1", tries: ["a", "b", "c"], points: { ann: 1, bob: 2 } } }));
    for (const ReturnValues of ["UPDATED_NEW", "ALL_NEW"]) {
      const update = { TableName, Key: { pk: "1" }, UpdateExpression, ReturnValues };
      const { Attributes } = await table.send(new UpdateCommand({ ...update, ExpressionAttributeValues: { ":new": 5 } }));
      const changed = UpdateExpression.includes("tries") ? Attributes.tries : Attributes.points;
      console.log(`${name}, ${UpdateExpression}, ${ReturnValues}: ${JSON.stringify(changed)}`);
    }
  }
}

(async () => {
  await ask("DynamoDB Local", process.argv[2]);
  const server = require("dynalite")({ createTableMs: 0, inMemory: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await ask("dynalite", server.address().port);
  process.exit();
})();
JS
node --no-warnings finding.cjs "$port" | tee seen
diff seen - <<'SEEN'
DynamoDB Local, SET tries[2] = :new, UPDATED_NEW: ["a","b",5]
DynamoDB Local, SET tries[2] = :new, ALL_NEW: ["a","b",5]
DynamoDB Local, SET points.ann = :new, UPDATED_NEW: {"ann":5,"bob":2}
DynamoDB Local, SET points.ann = :new, ALL_NEW: {"ann":5,"bob":2}
dynalite, SET tries[2] = :new, UPDATED_NEW: [5]
dynalite, SET tries[2] = :new, ALL_NEW: ["a","b",5]
dynalite, SET points.ann = :new, UPDATED_NEW: {"ann":5}
dynalite, SET points.ann = :new, ALL_NEW: {"ann":5,"bob":2}
SEEN
