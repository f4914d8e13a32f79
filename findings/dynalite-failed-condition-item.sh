#!/usr/bin/env bash
# dynalite 4.0.0 and DynamoDB Local 2.6.1: a refused write with `ReturnValuesOnConditionCheckFailure: ALL_OLD` tells what is
# in the way in one of them, and nothing in the other; and a condition `IN` takes more than 100 operands in one.
#
# Both are taken for DynamoDB in tests. One would have guessed that an emulator which does not know a parameter of a request
# says so, as dynalite does with whole operations (`UnknownOperationException`); and that both know this one, of 2023. dynalite
# takes the request, refuses the write rightly, and leaves `Item` out of the exception, without a word.
#
# It matters to whoever saves a read by it: code that decides by `error.Item` takes "somebody else's" for "nobody's" in tests,
# and the other way round a query that passes them is refused where there are limits.
set -euo pipefail
for tool in java mvn; do command -v "$tool" >/dev/null || { echo "it needs Java and Maven, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
java_pid=
trap '[[ -z $java_pid ]] || kill "$java_pid"; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund dynalite@4.0.0 @aws-sdk/client-dynamodb@3.1164.0
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
const { DynamoDBClient, CreateTableCommand, PutItemCommand, ScanCommand } = require("@aws-sdk/client-dynamodb");
const dynalite = require("dynalite");

async function ask(name, port) {
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const client = new DynamoDBClient({ endpoint, region: "us-east-1", credentials, maxAttempts: 20 });
  const TableName = "finding";
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [{ AttributeName: "pk", AttributeType: "S" }],
      KeySchema: [{ AttributeName: "pk", KeyType: "HASH" }],
    }),
  );
  await client.send(new PutItemCommand({ TableName, Item: { pk: { S: "a" }, owner: { S: "first" } } }));
  const refused = await client
    .send(
      new PutItemCommand({
        TableName,
        Item: { pk: { S: "a" }, owner: { S: "second" } },
        ConditionExpression: "attribute_not_exists(pk)",
        ReturnValuesOnConditionCheckFailure: "ALL_OLD",
      }),
    )
    .catch((error) => error);
  console.log(`${name}: ${refused.name}, in the way is ${refused.Item?.owner?.S ?? "nothing that it tells"}`);
  const names = Array.from({ length: 101 }, (_, index) => `:v${index}`);
  const scanned = await client
    .send(
      new ScanCommand({
        TableName,
        FilterExpression: `pk IN (${names.join(", ")})`,
        ExpressionAttributeValues: Object.fromEntries(names.map((one) => [one, { S: one }])),
      }),
    )
    .then(({ Count }) => `${Count} items`, ({ name: code }) => code);
  console.log(`${name}: IN with 101 operands: ${scanned}`);
  client.destroy();
}

const server = dynalite({ createTableMs: 0 });
server.listen(0, "127.0.0.1", async () => {
  await ask("dynalite", server.address().port);
  await ask("DynamoDB Local", process.argv[2]);
  process.exit(0);
});
JS
for _ in $(seq 120); do
  curl --silent --output /dev/null "http://127.0.0.1:$port" && break
  sleep 0.5
done
AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED=true node finding.cjs "$port" | tee seen
diff seen - <<'SEEN'
dynalite: ConditionalCheckFailedException, in the way is nothing that it tells
dynalite: IN with 101 operands: 0 items
DynamoDB Local: ConditionalCheckFailedException, in the way is first
DynamoDB Local: IN with 101 operands: ValidationException
SEEN
