// Written for socket.io: it notes what it has found out on the handshake.
const server = require("http").createServer();
const io = require("socket.io")(server);

io.use((socket, next) => {
  socket.handshake.query.by = "middleware";
  socket.handshake.user = { name: socket.handshake.auth.name };
  next();
});

io.on("connection", (socket) => {
  socket.handshake.headers["x-visits"] = `${Number(socket.handshake.headers["x-visits"] ?? 0) + 1}`;
  const { auth } = socket.handshake;

  socket.on("rename", (name, answer) => {
    auth.name = name;
    auth.tags = [...(auth.tags ?? []), name];
    delete socket.handshake.query.room;
    answer();
  });
  socket.on("replace", (answer) => {
    socket.handshake.auth = { token: "new" };
    answer();
  });
  socket.on("show", (answer) => {
    const { query, headers, user } = socket.handshake;
    answer([socket.handshake.auth, query.by, query.room ?? null, headers["x-visits"], user]);
  });
});

server.listen(process.env.PORT || 3000, () => {
  console.log(`listening on ${server.address().port}`);
});
