#!/usr/bin/env bash
# @opentelemetry/instrumentation-socket.io 0.70.0 with socket.io 4.8.4: `off` removes nothing, and what was taken off goes on being
# called.
#
# The instrumentation puts a function of its own around each listener, for a span. One would have guessed that it remembers which
# it put around which: `off(event, listener)` is in Socket.IO's own documentation. It wraps `on` alone, so `off` looks for a
# listener that was never added, finds none, and says nothing. The same of `io.off`, and of `once`, whose listener is called
# once and stays. `addListener`, and `on` of a namespace, are not wrapped.
#
# It matters to whoever has listeners for a while, a round of a game, a page of a wizard: with tracing on, each round's answer
# is heard by those of all rounds before, and none of them is freed before the client leaves. Tests without tracing are green.
set -euo pipefail
for tool in node npm; do command -v "$tool" >/dev/null || { echo "it needs Node, got no $tool"; exit 1; }; done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund socket.io@4.8.4 socket.io-client@4.8.4 \
  @opentelemetry/api@1.9.0 @opentelemetry/instrumentation-socket.io@0.70.0
cat >rounds.cjs <<'JS'
const name = process.argv[2];
if (name === "traced") new (require("@opentelemetry/instrumentation-socket.io").SocketIoInstrumentation)().enable();
const { once } = require("node:events");
const { createServer } = require("node:http");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

(async () => {
  const server = createServer();
  new Server(server).on("connection", (socket) => {
    let round = 0;
    const heardIn = [];
    const play = () => {
      const mine = ++round;
      const onAnswer = (_, done) => {
        heardIn.push(mine);
        socket.off("answer", onAnswer);
        if (mine === round) setImmediate(() => done(heardIn.splice(0)));
      };
      socket.on("answer", onAnswer);
    };
    socket.on("round", (ready) => ready(play()));
    socket.once("first", () => setImmediate(() => {
      console.log(`${name}: ${socket.listenerCount("first")} left of a listener that was called once`);
    }));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = io(`http://127.0.0.1:${server.address().port}`, { transports: ["websocket"] });
  client.emit("first");
  for (const round of [1, 2, 3]) {
    await client.emitWithAck("round");
    const rounds = await client.emitWithAck("answer", "yes");
    console.log(`${name}: the answer of round ${round} is heard by listeners of ${rounds.join(", ")}`);
  }
  process.exit();
})();
JS
{ node rounds.cjs plain; node rounds.cjs traced; } | tee seen
diff seen - <<'SEEN'
plain: 0 left of a listener that was called once
plain: the answer of round 1 is heard by listeners of 1
plain: the answer of round 2 is heard by listeners of 2
plain: the answer of round 3 is heard by listeners of 3
traced: 1 left of a listener that was called once
traced: the answer of round 1 is heard by listeners of 1
traced: the answer of round 2 is heard by listeners of 1, 2
traced: the answer of round 3 is heard by listeners of 1, 2, 3
SEEN
