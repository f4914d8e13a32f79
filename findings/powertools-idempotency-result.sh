#!/usr/bin/env bash
# @aws-lambda-powertools/idempotency 2.35.0 with its DynamoDB layer: a function whose result has an `undefined` or a Date in it does
# its work, and fails; a repetition that should not do the work again does it again.
#
# What a Lambda function returns goes through JSON, which drops an `undefined` and makes text of a Date. Made idempotent, the
# function's result is stored, to be given to repetitions; one would have guessed that it is stored as it would be returned. It
# is given to DynamoDB's document client instead, whose marshaller throws at both, as at an instance of a class, NaN and 2^53. By
# then the work is done. The record stays as that of a call in progress, so repetitions are refused, until the time is over that
# the function had left; the next one finds nothing, and works.
#
# It matters to whoever has a queue that delivers more than once, which is what the library is for: `{ id, replyTo: undefined }`
# makes of "once" as many times as the queue tries, with each of them failed. A result put through JSON once is right.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "it needs Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @aws-lambda-powertools/idempotency@2.35.0 dynalite@4.0.0 \
  @aws-sdk/client-dynamodb@3.1169.0 @aws-sdk/lib-dynamodb@3.1169.0 @aws-sdk/util-dynamodb@3.996.9
cat >finding.mjs <<'JS'
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { IdempotencyConfig, makeIdempotent } from "@aws-lambda-powertools/idempotency";
import { DynamoDBPersistenceLayer } from "@aws-lambda-powertools/idempotency/dynamodb";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";

const server = dynalite({ createTableMs: 0, inMemory: true });
await once(server.listen(0, "127.0.0.1"), "listening");
const awsSdkV3Client = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${server.address().port}`,
  region: "us-east-1",
  credentials: { accessKeyId: "local", secretAccessKey: "local" },
});
await awsSdkV3Client.send(new CreateTableCommand({
  TableName: "table",
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
}));

process.env.AWS_LAMBDA_FUNCTION_NAME = "finding";
const persistenceStore = new DynamoDBPersistenceLayer({ tableName: "table", awsSdkV3Client });
const results = {
  "text": () => ({ id: 1, at: "now" }),
  "undefined": () => ({ id: 1, replyTo: undefined }),
  "Date": () => ({ id: 1, at: new Date(0) }),
  "Date through JSON": () => JSON.parse(JSON.stringify({ id: 1, at: new Date(0) })),
};
for (const [name, toResult] of Object.entries(results)) {
  let works = 0;
  const config = new IdempotencyConfig({});
  config.registerLambdaContext({ getRemainingTimeInMillis: () => 1000 });
  const send = makeIdempotent(async () => (works++, toResult()), { persistenceStore, config });
  const call = () => send({ name }).then(() => "answered", (error) => error.name);
  const answers = [await call(), await call()];
  await sleep(2000);
  answers.push(await call());
  console.log(`${name}: ${answers.join(", then ")}; worked ${works} times`);
}
process.exit();
JS
node --no-warnings finding.mjs | tee seen
diff seen - <<'SEEN'
text: answered, then answered, then answered; worked 1 times
undefined: IdempotencyPersistenceLayerError, then IdempotencyAlreadyInProgressError, then IdempotencyPersistenceLayerError; worked 2 times
Date: IdempotencyPersistenceLayerError, then IdempotencyAlreadyInProgressError, then IdempotencyPersistenceLayerError; worked 2 times
Date through JSON: answered, then answered, then answered; worked 1 times
SEEN
