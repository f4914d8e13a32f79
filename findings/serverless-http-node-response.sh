#!/usr/bin/env bash
# serverless-http 4.0.0: a plain listener of Node's gets a response that is not quite Node's.
#
# One would have guessed that its response, a subclass of http.ServerResponse, does what the documentation of Node says: that
# `writeHead(200).end("page")`, the example there, answers, and that `end("R0lG", "base64")` sends three bytes. Its
# `setHeader` and `writeHead` return nothing, so the call chained to them throws, and a string is taken for UTF-8 whatever
# encoding comes with it. Express hides the first: it gives each response a prototype of its own.
#
# It matters to whoever moves an app of `http.createServer` behind API Gateway: every route answers 500, or an image is broken.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund serverless-http@4.0.0
node - <<'NODE'
const serverless = require("serverless-http");
const event = {
  version: "2.0", rawPath: "/", rawQueryString: "", headers: {}, body: "", isBase64Encoded: false,
  requestContext: { http: { method: "GET", path: "/", sourceIp: "192.0.2.1" } },
};
const listeners = {
  "writeHead(200).end()": (request, response) => response.writeHead(200).end("page"),
  'setHeader("a", "b").end()': (request, response) => response.setHeader("a", "b").end("page"),
  'end("R0lG", "base64")': (request, response) => { response.end("R0lG", "base64"); },
};
const wanted = ["TypeError", "TypeError", "R0lG"];
(async () => {
  const seen = [];
  for (const [name, listener] of Object.entries(listeners)) {
    const answer = await serverless(listener)(event, {}).then(({ body }) => body, (error) => error.name);
    console.log(`${name}: ${answer}`);
    seen.push(answer);
  }
  process.exit(JSON.stringify(seen) === JSON.stringify(wanted) ? 0 : 1);
})();
NODE
