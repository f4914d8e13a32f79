#!/usr/bin/env bash
# socket.io-msgpack-parser 3.0.2 and python-socketio 5.18.1: a Date reaches Python as `ExtType(code=0, …)`, and so does
# `undefined`.
#
# With the default parser a Date is JSON's string, and `undefined` null. One would have guessed that msgpack, which has a
# timestamp among its types, brings a `datetime`; or a string, as before. notepack.io, which packs for this parser, has types of
# its own for both: an extension 0, whose eight bytes are milliseconds, or whose single byte is nothing. JavaScript gets back
# just what was sent, `undefined` included. Python's msgpack knows the extension -1 alone, and hands the app what it does not
# know, as it is.
#
# It matters to whoever changes the parser of an app with clients in two languages: no error anywhere, and other values.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io-msgpack-parser@3.0.2
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check python-socketio==5.18.1 msgpack==1.1.2
cat >send.cjs <<'JS'
const { Encoder } = require("socket.io-msgpack-parser");
const data = ["told", new Date(0), undefined, { at: new Date(1) }];
process.stdout.write(new Encoder().encode({ type: 2, nsp: "/", data })[0]);
JS
cat >hear.py <<'PYTHON'
import sys
from socketio.msgpack_packet import MsgPackPacket

for value in MsgPackPacket(encoded_packet=sys.stdin.buffer.read()).data[1:]:
    print(value)
PYTHON
node send.cjs | venv/bin/python hear.py | tee seen
cat >expected <<'TEXT'
ExtType(code=0, data=b'\x00\x00\x00\x00\x00\x00\x00\x00')
ExtType(code=0, data=b'\x00')
{'at': ExtType(code=0, data=b'\x00\x00\x00\x00\x00\x00\x00\x01')}
TEXT
cmp seen expected
