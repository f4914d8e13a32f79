const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

io.on("connection", (socket) => {
  socket.on("whisper", (id, text, done) => {
    io.sockets.sockets.get(id).emit("whisper", text);
    done();
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
