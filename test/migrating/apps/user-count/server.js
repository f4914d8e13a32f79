const { Server } = require("socket.io");
const http = require("http");

const server = http.createServer();
const io = new Server(server);

let numUsers = 0;

io.on("connection", (socket) => {
  let addedUser = false;

  socket.on("add user", (username, done) => {
    if (addedUser) return done(numUsers);
    socket.username = username;
    ++numUsers;
    addedUser = true;
    socket.broadcast.emit("user joined", { username, numUsers });
    done(numUsers);
  });

  socket.on("disconnect", () => {
    if (!addedUser) return;
    --numUsers;
    socket.broadcast.emit("user left", { username: socket.username, numUsers });
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
