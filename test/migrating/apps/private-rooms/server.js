const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

io.use((socket, next) => {
  const { name } = socket.handshake.auth;
  if (!name) return next(new Error("a name, please"));
  socket.data.name = name;
  next();
});

io.on("connection", (socket) => {
  socket.join(`user:${socket.data.name}`);

  socket.on("private", (to, text, done) => {
    io.to(`user:${to}`).emit("private", { from: socket.data.name, text });
    done();
  });

  socket.on("who", async (done) => {
    const sockets = await io.fetchSockets();
    done(sockets.map(({ data }) => data.name).sort());
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
