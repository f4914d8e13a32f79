#!/usr/bin/env bash
# @aws-sdk/lib-dynamodb 3.1169.0: an ArrayBuffer, a DataView or a Blob is stored as no bytes, and a Float32Array is a TypeError.
#
# All of them are in `NativeAttributeBinary`, the type of what the document client takes for bytes, beside Uint8Array and
# Buffer. One would have guessed that they are written as the memory that they are, or refused by name. The marshaller makes a
# binary attribute of each and leaves it as it is; the JSON protocol of the client then asks for a `length`, of which an
# ArrayBuffer has none, and writes the base64 of nothing. A Float32Array has one, and is taken for a text: "charCodeAt is not a
# function". `unmarshall(marshall(item))`, as tests do it, gives everything back.
#
# It matters to whoever stores what `fetch` or a WebSocket gave, whose bytes are an ArrayBuffer: the write succeeds, and the
# bytes are gone. Another client of the same SDK, for @connections, sends each of them right. The server here answers for
# DynamoDB, on the loopback interface, and says what it was sent.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "it needs Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @aws-sdk/client-dynamodb@3.1169.0 @aws-sdk/lib-dynamodb@3.1169.0 \
  @aws-sdk/util-dynamodb@3.996.9 @aws-sdk/client-apigatewaymanagementapi@3.1169.0 @aws-sdk/core@3.981.2 @smithy/core@3.41.1
cat >store.cjs <<'JS'
const { once } = require("node:events");
const { createServer } = require("node:http");
const { ApiGatewayManagementApiClient, PostToConnectionCommand } = require("@aws-sdk/client-apigatewaymanagementapi");
const { DynamoDBClient } = require("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, PutCommand } = require("@aws-sdk/lib-dynamodb");
const { marshall, unmarshall } = require("@aws-sdk/util-dynamodb");

(async () => {
  let body;
  const server = createServer(async (request, response) => {
    body = Buffer.concat(await request.toArray());
    response.end("{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const options = {
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
  };
  const table = DynamoDBDocumentClient.from(new DynamoDBClient(options));
  const gateway = new ApiGatewayManagementApiClient(options);
  const { buffer } = new Float32Array([1.5]);
  const values = [new Uint8Array(buffer), buffer, new DataView(buffer), new Blob([buffer]), new Float32Array(buffer)];
  for (const bytes of values) {
    const stored = await table.send(new PutCommand({ TableName: "table", Item: { bytes } })).then(
      () => JSON.stringify(JSON.parse(body).Item.bytes),
      (error) => `${error.name}: ${error.message}`,
    );
    const same = unmarshall(marshall({ bytes })).bytes === bytes;
    let posted = "";
    if (!(bytes instanceof Blob)) {
      await gateway.send(new PostToConnectionCommand({ ConnectionId: "id", Data: bytes }));
      posted = `; posted as ${body.toString("hex")}`;
    }
    console.log(`${bytes.constructor.name}: stored as ${stored}${same ? "; unmarshalled as it was" : ""}${posted}`);
  }
  process.exit();
})();
JS
node --no-warnings store.cjs | tee seen
diff seen - <<'SEEN'
Uint8Array: stored as {"B":"AADAPw=="}; unmarshalled as it was; posted as 0000c03f
ArrayBuffer: stored as {"B":""}; unmarshalled as it was; posted as 0000c03f
DataView: stored as {"B":""}; unmarshalled as it was; posted as 0000c03f
Blob: stored as {"B":""}; unmarshalled as it was
Float32Array: stored as TypeError: s.charCodeAt is not a function; unmarshalled as it was; posted as 0000c03f
SEEN
