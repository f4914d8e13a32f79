const { EventEmitter } = require("events");
const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

const feed = new EventEmitter();

io.on("connection", (socket) => {
  feed.on("news", (text) => socket.emit("news", text));

  socket.on("publish", (text, done) => {
    feed.emit("news", text);
    done();
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
