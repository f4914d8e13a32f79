const server = require("http").createServer();
const io = require("socket.io")(server, { cors: { origin: "*" } });

io.on("connection", function (socket) {
  let typing = false;
  let nickname;

  socket.on("name", (name, done) => {
    nickname = name;
    done();
  });

  socket.on("typing", (done) => {
    if (!typing) {
      typing = true;
      socket.broadcast.emit("typing", { nickname });
    }
    done({ nickname, typing });
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
