const server = require("http").createServer();
const io = require("socket.io")(server);

require("./chat")(io);

server.listen(process.env.PORT || 0);
module.exports = { io };
