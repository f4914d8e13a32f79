const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

const MAX_LENGTH = 200;
const LOBBY = "lobby";

io.on("connection", (socket) => {
  socket.join(LOBBY);
  let greeting = "hello";
  if (socket.handshake.query.loud) greeting = greeting.toUpperCase();
  socket.emit("greeting", greeting);

  socket.on("name", (name, done) => {
    socket.data.name = String(name).trim();
    done(socket.data.name);
  });

  socket.on("say", (text, done) => {
    let words = 0;
    for (const word of String(text).split(" ")) if (word !== "") words += 1;
    const said = { name: socket.data.name, text: String(text).slice(0, MAX_LENGTH), words };
    io.to(LOBBY).emit("said", said);
    done(words);
  });

  socket.on("count", async (done) => {
    done((await io.in(LOBBY).fetchSockets()).length);
  });
});

server.listen(process.env.PORT || 0);
module.exports = { io };
