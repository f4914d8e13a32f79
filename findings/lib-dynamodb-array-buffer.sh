#!/usr/bin/env bash
# @aws-sdk/lib-dynamodb 3.1169.0: an ArrayBuffer, a DataView or a Blob is stored as no bytes, and a Float32Array is a TypeError.
# 3.917.0 stored the bytes of a view, and refused the others.
#
# All of them are in `NativeAttributeBinary`, the type of what the document client takes for bytes, beside Uint8Array and
# Buffer. One would have guessed that they are written as the memory that they are, the more after an update of a version that
# did. The marshaller makes a binary attribute of each and leaves it as it is. The client's codec for DynamoDB, 3.973.58, takes
# whatever is no Uint8Array for a text in base64, and writes as many characters as its `length` says, of which there are none.
#
# It matters to whoever stores what `fetch` or a WebSocket gave, whose bytes are an ArrayBuffer, or vectors as Float32Array:
# the write succeeds, and the bytes are gone, or it fails since the update. A Buffer of the memory is stored, by both. A
# server on the loopback interface answers for DynamoDB here, and says what it was sent.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "it needs Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >store.cjs <<'JS'
const { once } = require("node:events");
const { createServer } = require("node:http");
const { createRequire } = require("node:module");

const version = process.argv[2];
const load = createRequire(`${process.cwd()}/${version}/`);
const { DynamoDBClient } = load("@aws-sdk/client-dynamodb");
const { DynamoDBDocumentClient, PutCommand } = load("@aws-sdk/lib-dynamodb");

(async () => {
  let body;
  const server = createServer(async (request, response) => {
    body = JSON.parse(Buffer.concat(await request.toArray()));
    response.end("{}");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const table = DynamoDBDocumentClient.from(new DynamoDBClient({
    endpoint: `http://127.0.0.1:${server.address().port}`,
    region: "us-east-1",
    credentials: { accessKeyId: "none", secretAccessKey: "none" },
  }));
  const { buffer } = new Float32Array([1.5]);
  const values = [Buffer.from(buffer), new Float32Array(buffer), new DataView(buffer), buffer, new Blob([buffer])];
  for (const bytes of values) {
    const stored = await table.send(new PutCommand({ TableName: "table", Item: { bytes } })).then(
      () => `stored as ${JSON.stringify(body.Item.bytes)}`,
      (error) => `${error.name}, ${error.message}`,
    );
    console.log(`${version}, ${bytes.constructor.name}: ${stored}`);
  }
  process.exit();
})();
JS
for version in 3.917.0 3.1169.0; do
  mkdir "$version"
  (cd "$version" && npm init --yes >/dev/null && npm install --silent --no-audit --no-fund \
    "@aws-sdk/client-dynamodb@$version" "@aws-sdk/lib-dynamodb@$version" "@aws-sdk/dynamodb-codec@3.973.58" @smithy/core@3.41.1)
  node --no-warnings store.cjs "$version"
done | tee seen
diff seen - <<'SEEN'
3.917.0, Buffer: stored as {"B":"AADAPw=="}
3.917.0, Float32Array: stored as {"B":"AADAPw=="}
3.917.0, DataView: stored as {"B":"AADAPw=="}
3.917.0, ArrayBuffer: Error, @smithy/util-base64: toBase64 encoder function only accepts string | Uint8Array.
3.917.0, Blob: Error, @smithy/util-base64: toBase64 encoder function only accepts string | Uint8Array.
3.1169.0, Buffer: stored as {"B":"AADAPw=="}
3.1169.0, Float32Array: TypeError, s.charCodeAt is not a function
3.1169.0, DataView: stored as {"B":""}
3.1169.0, ArrayBuffer: stored as {"B":""}
3.1169.0, Blob: stored as {"B":""}
SEEN
