// Written for socket.io: the session of a namespace's own middleware, as its documentation wraps it, and one in a cookie.
const cookieSession = require("cookie-session");
const expressSession = require("express-session");
const FileStore = require("./file-store.cjs");

const server = require("http").createServer();
const io = require("socket.io")(server);

const wrap = (middleware) => (socket, next) => middleware(socket.request, {}, next);

io.of("/stored").use(
  wrap(
    expressSession({
      secret: "swordfish",
      resave: false,
      saveUninitialized: true,
      store: new FileStore(process.env.SESSIONS_FOLDER),
    }),
  ),
);
io.of("/forgetful").use(wrap(expressSession({ secret: "s", resave: false, saveUninitialized: true })));
io.of("/cookie").use(wrap(cookieSession({ name: "c", keys: ["k"] })));

for (const name of ["/stored", "/forgetful", "/cookie"]) {
  io.of(name).on("connection", (socket) => {
    socket.on("count", (answer) => {
      socket.request.session.count = (socket.request.session.count ?? 0) + 1;
      answer(socket.request.session.count);
    });
    socket.on("save", (answer) => socket.request.session.save((error) => answer(error?.message ?? "saved")));
    socket.on("reload", (answer) => {
      socket.request.session.reload((error) => answer(error?.message ?? socket.request.session.count));
    });
  });
}
server.listen(process.env.PORT || 3000, () => {
  console.log(`listening on ${server.address().port}`);
});
