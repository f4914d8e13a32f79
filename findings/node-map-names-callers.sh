#!/usr/bin/env bash
# Node 20 to 24 with --enable-source-maps, bundles by esbuild 0.28.2: a function that has its name is called otherwise in stacks.
#
# A map's `names` say what an identifier was called before it was renamed. One would have guessed that a stack has the name of the
# function, above all where `keepNames` has given it back: `greet`. But where the map has no name for the place at which a
# function begins, Node takes that of the place from which it was called, which is that of whatever variable held it there: `run`.
# Without `names` in the map, the function has its own.
#
# It matters to whoever reads logs of minified functions: a listener of the app has the name of a variable of the library that calls it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund esbuild@0.28.2
cat >app.mjs <<'JS'
import { callBack } from "./library.mjs";
const greet = () => { throw new Error("no greeting"); };
try { callBack(greet); } catch (error) { console.log(greet.name, error.stack.split("\n")[1].trim().split(" ")[1]); }
JS
cat >library.mjs <<'JS'
export const callBack = (run) => { for (let time = 0; time < 2; time++) run(); };
JS
npx esbuild app.mjs --bundle --minify --keep-names --sourcemap --format=esm --outfile=named.mjs --log-level=warning
sed 's/named\.mjs\.map/nameless.mjs.map/' named.mjs >nameless.mjs
# Of the numbers of a segment the fifth is its name; a number ends with a digit below 32.
node -e '
const fs = require("node:fs");
const map = JSON.parse(fs.readFileSync("named.mjs.map", "utf8"));
const mappings = map.mappings.replace(/[^,;]+/g, (segment) => segment.match(/[g-z0-9+/]*[A-Za-f]/g).slice(0, 4).join(""));
fs.writeFileSync("nameless.mjs.map", JSON.stringify({ ...map, names: [], mappings }));
'
echo "with names in the map:    $(node --enable-source-maps named.mjs)"
echo "without names in the map: $(node --enable-source-maps nameless.mjs)"
[[ $(node --enable-source-maps named.mjs) == "greet run" ]]
[[ $(node --enable-source-maps nameless.mjs) == "greet greet" ]]
