const { Server } = require("socket.io");
const server = require("http").createServer();
const { register } = require("./handlers");

const io = new Server(server);
const started = [];
for (const name of ["chat", "news"]) started.push(name);

io.on("connection", (socket) => {
  register(io, socket);
  socket.on("features", (done) => done(started));
});

server.listen(process.env.PORT || 0);
module.exports = { io };
