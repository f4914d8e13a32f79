const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    done(io.sockets.adapter.rooms.get(room)?.size ?? 0);
  });

  socket.on("online", async (done) => done(io.engine.clientsCount));
});

server.listen(process.env.PORT || 0);
module.exports = { io };
