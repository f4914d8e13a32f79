#!/usr/bin/env bash
# osls 4.3.1: `serverless deploy function` fails for a function whose role is a resource without a RoleName, after its code
# has gone up.
#
# `role: HelloRole` names a role in `resources`, and `serverless deploy` takes it as it is: CloudFormation makes up the name, as
# AWS recommends. One would have guessed that `deploy function` leaves the role alone, which has not changed, or asks the
# function for it. It wants to write the role's ARN anew, out of its name, and ends with "Role resource missing RoleName
# property": behind the upload, so that the exit code says failed of code that runs.
#
# It matters to every service with a role a function: its quickest deployment is half done. A server of this script answers for
# Lambda, on the loopback interface.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill "${server:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund osls@4.3.1
echo 'exports.handler = async () => "hello";' >hello.js
cat >serverless.yml <<'YAML'
service: finding
provider: { name: aws, runtime: nodejs24.x }
package: { patterns: ["!**", hello.js] }
functions:
  hello: { handler: hello.handler, role: HelloRole }
resources:
  Resources:
    HelloRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument:
          Version: "2012-10-17"
          Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }]
YAML
cat >lambda.js <<'JS'
const { createServer } = require("node:http");
const { appendFileSync, writeFileSync } = require("node:fs");
const configuration = { PackageType: "Zip", Role: "arn:aws:iam::123456789012:role/made-up-by-cloudformation", CodeSha256: "other" };
const server = createServer((request, response) => {
  appendFileSync("calls", `${request.method} ${request.url.split("/").at(-1)}\n`);
  request.resume();
  request.on("end", () => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(request.method === "GET" ? { Configuration: configuration } : configuration));
  });
});
server.listen(0, "127.0.0.1", () => writeFileSync("port", String(server.address().port)));
JS
node lambda.js &
server=$!
until [[ -s port ]]; do sleep 0.1; done

output=$(env -u AWS_PROFILE AWS_ENDPOINT_URL="http://127.0.0.1:$(cat port)" AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none \
  AWS_EC2_METADATA_DISABLED=true SLS_NOTIFICATIONS_MODE=off npx osls deploy function --function hello 2>&1) && code=0 || code=$?
echo "calls: $(tr '\n' ',' <calls)"
echo "exit code $code: $(grep -oE "Role resource missing RoleName property" <<<"$output" | head -1)"
grep -q "PUT code" calls && [[ $code -ne 0 ]] && grep -q "Role resource missing RoleName property" <<<"$output"
