const { createServer } = require("http");
const httpServer = createServer();
const io = require("socket.io")(httpServer);
let admitted = 0;
const counts = {};

io.use((socket, next) => {
  admitted += 1;
  next();
});

io.on("connection", (socket) => {
  socket.use(([event], next) => {
    counts[event] = (counts[event] || 0) + 1;
    next();
  });

  socket.on("counts", (answer) => {
    answer(admitted, counts);
  });
});

httpServer.listen(0);
module.exports = { io };
