const { Server } = require("socket.io");
const server = require("http").createServer();
const io = new Server(server);

const attempts = new Map();
const MAX_ATTEMPTS = 3;

const registerAuth = (io, socket) => {
  const login = (name, password, done) => {
    const tried = (attempts.get(name) ?? 0) + 1;
    attempts.set(name, tried);
    if (tried > MAX_ATTEMPTS) return done("locked");
    done(password === "secret" ? "welcome" : "wrong");
  };
  socket.on("login", login);
};

io.on("connection", (socket) => registerAuth(io, socket));

server.listen(process.env.PORT || 0);
module.exports = { io };
