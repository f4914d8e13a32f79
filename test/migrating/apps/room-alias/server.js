const { createServer } = require("http");
const httpServer = createServer();
const io = require("socket.io")(httpServer);
const rooms = { lobby: { members: [] } };

io.on("connection", (socket) => {
  const lobby = rooms.lobby;
  const { members } = lobby;

  socket.on("enter", (name, answer) => {
    members.push(name);
    answer(lobby.members.length);
  });
});

httpServer.listen(0);
module.exports = { io };
