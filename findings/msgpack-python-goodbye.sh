#!/usr/bin/env bash
# socket.io-msgpack-parser 3.0.2 and python-socketio 5.18.1: a disconnect packet of the one is invalid to the other.
#
# A disconnect packet has no data. One would have guessed that two parsers of one format agree on that. Python's writes the
# key all the same, as nil; JavaScript's wants it absent. A server to which such a client says goodbye takes it for somebody
# who sends rubbish: it ends the whole connection, and the reason is `forced close`, not `client namespace disconnect`.
#
# It matters to an app that tells a user who leaves from one who is lost, and to one with several namespaces: leaving one of
# them ends all. The same client with the default parser is understood.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io-msgpack-parser@3.0.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-socketio==5.18.1 msgpack==1.1.2
cat >encode.py <<'PYTHON'
import sys
from socketio import packet
from socketio.msgpack_packet import MsgPackPacket

sys.stdout.buffer.write(MsgPackPacket(getattr(packet, sys.argv[1]), data=({} if sys.argv[1] == "CONNECT" else None), namespace="/").encode())
PYTHON
cat >decode.cjs <<'JS'
const { Decoder } = require("socket.io-msgpack-parser");
const { decode } = require("notepack.io");
const bytes = require("node:fs").readFileSync(0);
console.log("keys:", Object.keys(decode(bytes)).sort().join(" "));
const decoder = new Decoder();
decoder.on("decoded", ({ type }) => console.log("decoded, type", type));
try {
  decoder.add(bytes);
} catch ({ message }) {
  console.log(message);
}
JS
for type in CONNECT DISCONNECT; do
  venv/bin/python encode.py "$type" | node decode.cjs
done | tee seen
cat >expected <<'TEXT'
keys: data nsp type
decoded, type 0
keys: data nsp type
invalid payload
TEXT
cmp seen expected
