#!/usr/bin/env bash
# esbuild 0.28.2: a CommonJS library that counts on sloppy mode runs unbundled, and throws once it is bundled to ES modules.
#
# A bundler makes one file of many; one would have guessed that a CommonJS package behaves in it as it does under `require`.
# With `--format=esm` it is wrapped in a function of a module, and a module is strict all over: an assignment to a name that
# was never declared is an error there, `this` of a plain call is undefined. esbuild warns of neither. With `--format=cjs` the
# same package runs.
#
# It matters to whoever deploys to Lambda as ES modules and takes old packages along: what the tests saw is not what runs.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund esbuild@0.28.2
mkdir -p node_modules/old
echo '{"name":"old","version":"1.0.0","main":"index.js"}' >node_modules/old/package.json
echo 'counter = 1; exports.next = function () { return counter++; };' >node_modules/old/index.js
echo 'const old = require("old"); console.log("next: " + old.next());' >app.js

run() { node "$1" 2>&1 | grep -oE "next: 1|ReferenceError: counter is not defined" | head -1 || true; }
npx esbuild app.js --bundle --platform=node --format=cjs --outfile=out.cjs --log-level=warning 2>warned.cjs
npx esbuild app.js --bundle --platform=node --format=esm --outfile=out.mjs --log-level=warning 2>warned.mjs
echo "unbundled:      $(run app.js)"
echo "bundled to cjs: $(run out.cjs)"
echo "bundled to esm: $(run out.mjs)"
echo "warnings:       $(cat warned.cjs warned.mjs | wc -l)"
[[ $(run app.js) == "next: 1" && $(run out.cjs) == "next: 1" && $(run out.mjs) == "ReferenceError: counter is not defined" ]]
[[ ! -s warned.cjs && ! -s warned.mjs ]]
