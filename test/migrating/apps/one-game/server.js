const { createServer } = require("http");
const httpServer = createServer();
const io = require("socket.io")(httpServer);
let game;
let words;

io.on("connection", (socket) => {
  socket.on("start", (board, answer) => {
    game = { board, startedBy: socket.handshake.auth.name };
    answer();
  });

  socket.on("look", (answer) => {
    if (!words) words = ["one", "two"];
    for (i = 0; i < words.length; i++);
    answer(game ? game.startedBy : "nobody", i);
  });
});

httpServer.listen(0);
module.exports = { io };
