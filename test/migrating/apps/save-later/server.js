const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);
const { save, count } = require("./store");

io.on("connection", (socket) => {
  socket.on("note", (text, done) => {
    save(text).then(() => socket.emit("saved", text));
    done();
  });

  socket.on("remind", (text, done) => {
    setTimeout(() => socket.emit("reminder", text), 200);
    done();
  });

  socket.on("count", async (done) => done(await count()));
});

server.listen(process.env.PORT || 0);
module.exports = { io };
