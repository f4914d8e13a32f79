#!/usr/bin/env bash
# Node 20.20.2 (V8 11.3): a WeakMap that has been there for a while keeps values alive whose keys are gone, until everything is collected.
#
# One would have guessed that what a WeakMap has for an object is garbage as soon as the object is: that is what it is for. V8's
# small collections, which look at young objects only, take the values of an old WeakMap for used, whether or not their keys are. A value
# that refers to its key keeps that as well. Both are copied twice and end in the old space. A field of the object, with a symbol for
# its name, says the same and costs nothing of it.
#
# It matters to servers that keep something by request, socket or transaction in a WeakMap of the module: the more is made and
# forgotten, the longer each small collection takes. It is no leak: a collection of everything takes it all.
set -euo pipefail
command -v node >/dev/null || { echo "it needs Node, got none"; exit 1; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/keep.mjs" <<'JS'
import { getHeapSpaceStatistics } from "node:v8";

const kind = process.argv[2];
const kept = new WeakMap();
const name = Symbol("kept");
const oldBytes = () => getHeapSpaceStatistics().find(({ space_name: space }) => space === "old_space").space_used_size;
const makeMany = (count) => {
  for (let index = 0; index < count; index += 1) {
    const request = { index };
    const value = { request, bytes: new Array(100).fill(index) };
    if (kind === "weak map") kept.set(request, value);
    else request[name] = value;
  }
};
makeMany(20_000);
gc();
const before = oldBytes();
let most = before;
for (let round = 0; round < 100; round += 1) {
  makeMany(200);
  most = Math.max(most, oldBytes());
}
gc();
const kilobytes = (bytes) => Math.round(bytes / 1024);
console.log(`${kind}: ${kilobytes(most - before)} KB more in the old space at most, ${kilobytes(oldBytes() - before)} KB when all was collected`);
JS
run() { node --expose-gc "$folder/keep.mjs" "$1"; }
more() { sed 's/^[^:]*: \(-*[0-9]*\) KB.*/\1/' <<<"$1"; }
weak=$(run "weak map")
field=$(run "field")
printf '%s\n' "$weak" "$field"
if (($(more "$weak") < 1000)) || (($(more "$field") > 500)); then
  echo "expected the WeakMap to keep values, and the field none, got otherwise"
  exit 1
fi
