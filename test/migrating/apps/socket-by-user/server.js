const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

const clients = new Map();

io.on("connection", (socket) => {
  socket.on("register", (name, done) => {
    clients.set(name, socket);
    done();
  });

  socket.on("private", (to, text, done) => {
    const client = clients.get(to);
    if (client) client.emit("private", text);
    done(client !== undefined);
  });

  socket.on("disconnect", () => {
    for (const [name, client] of clients) if (client.id === socket.id) clients.delete(name);
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
