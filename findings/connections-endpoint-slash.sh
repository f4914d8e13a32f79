#!/usr/bin/env bash
# @aws-sdk/client-apigatewaymanagementapi 3.1169.0: with an endpoint that ends in a slash, a post goes to `/prod//@connections/…`.
# With 3.927.0 it went to `/prod/@connections/…`, and with boto3 1.44.8 it does.
#
# The endpoint of this client has a path, the stage, so whoever makes it up has to end it somehow. One would have guessed that
# a slash at its end does not matter: it does not where the endpoint has no path, and did not for years. From 3.930.0 on the
# client appends its path to the endpoint's, as it is.
#
# It matters to whoever updates the SDK, or Lambda's own copy of it, with such an endpoint in an environment variable: each post
# asks for a path that API Gateway's documentation does not have, signed as such, and only from JavaScript. The slash has to
# go before the client is made. A server on the loopback interface says here what it is asked for.
set -euo pipefail
for tool in node npm python3; do command -v "$tool" >/dev/null || { echo "it needs Node and Python, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
server_pid=
trap '[[ -z $server_pid ]] || kill "$server_pid" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund sdk-3.927.0@npm:@aws-sdk/client-apigatewaymanagementapi@3.927.0 \
  sdk-3.1169.0@npm:@aws-sdk/client-apigatewaymanagementapi@3.1169.0 @smithy/core@3.41.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check boto3==1.44.8 botocore==1.44.8
export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
cat >server.cjs <<'JS'
const server = require("node:http").createServer((request, response) => {
  console.log(request.url);
  response.end();
});
server.listen(0, "127.0.0.1", () => require("node:fs").writeFileSync("port", String(server.address().port)));
JS
cat >post.cjs <<'JS'
(async () => {
  for (const version of ["sdk-3.927.0", "sdk-3.1169.0"]) {
    const { ApiGatewayManagementApi } = require(version);
    for (const stage of ["/", "/prod", "/prod/"]) {
      const client = new ApiGatewayManagementApi({ endpoint: process.argv[2] + stage });
      await client.postToConnection({ ConnectionId: version, Data: "hello" });
    }
  }
})();
JS
cat >post.py <<'PYTHON'
import sys

import boto3

for stage in ("/", "/prod", "/prod/"):
    client = boto3.client("apigatewaymanagementapi", endpoint_url=sys.argv[1] + stage)
    client.post_to_connection(ConnectionId="boto3", Data=b"hello")
PYTHON
node server.cjs >seen &
server_pid=$!
for _ in $(seq 100); do [[ -s port ]] && break; sleep 0.1; done
url="http://127.0.0.1:$(cat port)"
node --no-warnings post.cjs "$url"
venv/bin/python post.py "$url"
cat seen
diff seen - <<'SEEN'
/@connections/sdk-3.927.0
/prod/@connections/sdk-3.927.0
/prod/@connections/sdk-3.927.0
/@connections/sdk-3.1169.0
/prod/@connections/sdk-3.1169.0
/prod//@connections/sdk-3.1169.0
/@connections/boto3
/prod/@connections/boto3
/prod/@connections/boto3
SEEN
