#!/usr/bin/env bash
# DynamoDB Local 2.6.1: a transaction of one small item is said to consume 4 write units, and one of two items 4 as well.
#
# `ReturnConsumedCapacity` is how a cost is counted before there is a bill. DynamoDB's documentation has two units for each item
# of up to 1 KB that a transaction writes or checks, a plain write's one twice. One would have guessed that Amazon's own emulator
# says 2 and 4. Plain writes it counts as documented, and a transaction that reads, too.
#
# It matters to whoever decides by such counts between a transaction and two conditional writes: the smallest transactions, which are
# the most frequent ones, come out twice as dear as they are.
set -euo pipefail
for tool in java mvn node npm; do command -v "$tool" >/dev/null || { echo "it needs Java, Maven and Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
java_pid=
trap '[[ -z $java_pid ]] || kill "$java_pid"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1164.0
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
const { DynamoDBClient, CreateTableCommand, PutItemCommand, TransactGetItemsCommand, TransactWriteItemsCommand } = require("@aws-sdk/client-dynamodb");

(async () => {
  const endpoint = `http://127.0.0.1:${process.argv[2]}`;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 20 });
  const TableName = "finding";
  await client.send(new CreateTableCommand({
    TableName,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
  }));
  const put = (pk) => ({ TableName, Item: { pk: { S: pk } } });
  const ask = async (name, command) => {
    const { ConsumedCapacity } = await client.send(command);
    console.log(`${name}: ${[ConsumedCapacity].flat()[0].CapacityUnits}`);
  };
  const ReturnConsumedCapacity = "TOTAL";
  const write = (...keys) => {
    const TransactItems = keys.map((key) => ({ Put: put(key) }));
    return new TransactWriteItemsCommand({ TransactItems, ReturnConsumedCapacity });
  };
  await ask("plain write of one", new PutItemCommand({ ...put("a"), ReturnConsumedCapacity }));
  await ask("transaction that writes one", write("a"));
  await ask("transaction that writes two", write("a", "b"));
  const TransactItems = [{ Get: { TableName, Key: { pk: { S: "a" } } } }];
  await ask("transaction that reads one", new TransactGetItemsCommand({ TransactItems, ReturnConsumedCapacity }));
})();
JS
AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true node finding.cjs "$port" | tee seen
cat >expected <<'TEXT'
plain write of one: 1
transaction that writes one: 4
transaction that writes two: 4
transaction that reads one: 2
TEXT
cmp seen expected
