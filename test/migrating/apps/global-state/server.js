const server = require("http").createServer();
const io = require("socket.io")(server);

global.scores = {};

io.on("connection", (socket) => {
  socket.on("point", (name, done) => {
    global.scores[name] = (global.scores[name] || 0) + 1;
    done(global.scores[name]);
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
