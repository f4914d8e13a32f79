// Written for socket.io: a session that nobody has given a store, which is the memory of its process.
const expressSession = require("express-session");

const server = require("http").createServer();
const io = require("socket.io")(server);

io.engine.use(expressSession({ secret: "swordfish", resave: false, saveUninitialized: true }));

io.on("connection", (socket) => {
  const { request } = socket;
  socket.on("count", (answer) => {
    request.session.count = (request.session.count ?? 0) + 1;
    answer(request.session.count);
  });
  for (const method of ["save", "reload", "regenerate", "destroy"]) {
    socket.on(method, (answer) => request.session[method]((error) => answer(error?.message ?? "done")));
  }
});

server.listen(process.env.PORT || 3000, () => {
  console.log(`listening on ${server.address().port}`);
});
