const http = require("http");
const socketio = require("socket.io");
const { userJoin, userLeave, getRoomUsers } = require("./users");

const server = http.createServer();
const io = socketio(server);

io.on("connection", (socket) => {
  socket.on("joinRoom", ({ username, room }, done) => {
    const user = userJoin(socket.id, username, room);
    socket.join(user.room);
    done();
  });

  socket.on("who", (room, done) => done(getRoomUsers(room).map(({ username }) => username)));

  socket.on("disconnect", () => {
    const user = userLeave(socket.id);
    if (user) io.to(user.room).emit("left", user.username);
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
