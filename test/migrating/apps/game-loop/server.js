const server = require("http").createServer();
const io = require("socket.io")(server);

const players = {};

io.on("connection", (socket) => {
  players[socket.id] = { x: 0, y: 0 };

  socket.on("move", ({ dx, dy }, done) => {
    players[socket.id].x += dx;
    players[socket.id].y += dy;
    done(players[socket.id]);
  });

  socket.on("disconnect", () => {
    delete players[socket.id];
  });
});

setInterval(() => {
  io.emit("state", players);
}, 50).unref();

server.listen(process.env.PORT || 0);
module.exports = { io };
