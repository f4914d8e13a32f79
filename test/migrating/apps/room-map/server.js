const { Server } = require("socket.io");

const io = new Server(Number(process.env.PORT || 0));
const rooms = {};

io.on("connection", (socket) => {
  socket.on("create", (room, done) => {
    if (!rooms[room]) rooms[room] = { players: [], started: false };
    rooms[room].players.push(socket.id);
    socket.join(room);
    done(rooms[room].players.length);
  });

  socket.on("start", (room, done) => {
    const game = rooms[room];
    if (!game) return done("no such room");
    game.started = true;
    io.to(room).emit("started", game.players.length);
    done("started");
  });

  socket.on("disconnect", () => {
    for (const room of Object.keys(rooms)) {
      rooms[room].players = rooms[room].players.filter((id) => id !== socket.id);
      if (rooms[room].players.length === 0) delete rooms[room];
    }
  });
});

module.exports = { io };
