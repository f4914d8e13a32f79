#!/usr/bin/env bash
# socket.io-msgpack-parser 3.0.2 with socket.io 4.8.4: of a text that was cut inside of an emoji, the character behind the cut is
# gone, and what is heard is another emoji.
#
# A preview of seven characters and "..." cuts "Party 🎉 tonight" in the middle of a surrogate pair. The default parser writes JSON,
# which escapes a half, and it arrives as it was. msgpack is UTF-8, which has no halves; one would have guessed at U+FFFD, and
# the dots behind it. notepack.io 2.2.0, which packs for this parser, pairs a half with whatever comes next: a dot, a quote, a
# line break. At the end of a text it makes a mahjong tile of nothing.
#
# It matters to whoever shortens names or messages by their length: what people read is wrong, and what reads the text by its
# separators finds one fewer. @socket.io/redis-adapter 8.3.0 packs the same way, for the clients of other servers.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "it needs Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4 socket.io-msgpack-parser@3.0.2
cat >texts.cjs <<'JS'
const { once } = require("node:events");
const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const cut = "Party 🎉 tonight".slice(0, 7);
const texts = [`${cut}...`, `${cut}\n`, cut];

(async () => {
  for (const [name, options] of [["default", {}], ["msgpack", { parser: require("socket.io-msgpack-parser") }]]) {
    const server = createServer();
    new Server(server, options).on("connection", (socket) => socket.emit("texts", texts));
    await once(server.listen(0, "127.0.0.1"), "listening");
    const [heard] = await once(io(`http://127.0.0.1:${server.address().port}`, { transports: ["websocket"], ...options }), "texts");
    heard.forEach((text, at) => console.log(`${name}: ${JSON.stringify(texts[at])} is heard as ${JSON.stringify(text)}`));
  }
  process.exit();
})();
JS
node texts.cjs | tee seen
diff seen - <<'SEEN'
default: "Party \ud83c..." is heard as "Party \ud83c..."
default: "Party \ud83c\n" is heard as "Party \ud83c\n"
default: "Party \ud83c" is heard as "Party \ud83c"
msgpack: "Party \ud83c..." is heard as "Party 🀮.."
msgpack: "Party \ud83c\n" is heard as "Party 🀊"
msgpack: "Party \ud83c" is heard as "Party 🀀"
SEEN
