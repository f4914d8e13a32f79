#!/usr/bin/env bash
# python-engineio 4.15.1 (python-socketio 5.18.1), as a client: a polling answer of more than 16 packets ends its connection.
#
# One would have guessed that the limit of 16 is the server's, against large POSTs: `max_decode_packets` stands beside
# `max_http_buffer_size` in what is written about it. It is a class attribute of the payload's decoder, which the client has,
# too. A server that emits seventeen times while no GET is parked answers the next one with seventeen packets, as the
# official one does; the client raises "Too many packets in payload" inside, and its connection is gone.
#
# It matters to every server: a burst of small events is dropped with the connection, on polling alone, and the server hears
# nothing but silence. The remedy is the client's: engineio.payload.Payload.max_decode_packets.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-engineio==4.15.1
"$folder/venv/bin/python" - <<'PYTHON'
import sys
from engineio import payload

def decode(count):
    try:
        return len(payload.Payload(encoded_payload="\x1e".join(["4hello"] * count)).packets)
    except ValueError as error:
        return str(error)

seen = {count: decode(count) for count in (16, 17)}
payload.Payload.max_decode_packets = 1000
seen["17, with the limit lifted"] = decode(17)
for case, outcome in seen.items():
    print(f"packets in one answer, {case}: {outcome}")
wanted = {16: 16, 17: "Too many packets in payload", "17, with the limit lifted": 17}
sys.exit(0 if seen == wanted else 1)
PYTHON
