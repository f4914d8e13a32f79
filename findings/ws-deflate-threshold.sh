#!/usr/bin/env bash
# ws 8.18.3: `perMessageDeflate: { threshold }` counts for connections without context takeover alone. With `true`, or with
# a threshold and nothing else, the shortest message is compressed.
#
# The default is 1024 bytes, and socket.io has an option of that name that means what it says: shorter packets go as they are.
# One would have guessed that a server of ws, asked for compression with a threshold of a megabyte, leaves a message of five
# bytes alone. It looks at the threshold where each message is compressed for itself; where both sides keep their context,
# which is what they agree on unless one refuses, every message goes through zlib, on either side.
#
# It matters to whoever sends many short messages, as Socket.IO's are: a trip through zlib each, in the sender and in every
# receiver, and more bytes than before. `send(data, { compress: false })` is what leaves one out.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund ws@8.18.3
cat >frames.cjs <<'JS'
const { WebSocket, WebSocketServer } = require("ws");

/** Whether the first frame of a server is compressed: the bit RSV1 of its first byte. */
function isCompressed(perMessageDeflate) {
  return new Promise((resolve) => {
    const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate });
    server.on("connection", (socket) => setTimeout(() => socket.send("short"), 100));
    server.on("listening", () => {
      const client = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
      client.on("open", () => client._socket.prependOnceListener("data", ([first]) => {
        resolve((first & 0x40) !== 0);
        client.terminate();
        server.close();
      }));
    });
  });
}

(async () => {
  const megabyte = 2 ** 20;
  console.log("threshold of a megabyte: compressed", await isCompressed({ threshold: megabyte }));
  const alone = { threshold: megabyte, serverNoContextTakeover: true };
  console.log("the same, without context takeover: compressed", await isCompressed(alone));
})();
JS
node frames.cjs | tee seen
printf '%s\n' "threshold of a megabyte: compressed true" "the same, without context takeover: compressed false" >expected
cmp seen expected
