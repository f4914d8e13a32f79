// Written for socket.io: a login by Express and passport, and sockets that know who it was.
const express = require("express");
const expressSession = require("express-session");
const passport = require("passport");
const FileStore = require("./file-store.cjs");

const app = express();
const server = require("http").createServer(app);
const io = require("socket.io")(server);

passport.serializeUser((user, done) => done(null, user.id));
passport.deserializeUser((id, done) => setImmediate(done, null, { id, name: id.toUpperCase() }));

const session = expressSession({
  secret: "swordfish",
  resave: false,
  saveUninitialized: false,
  store: new FileStore(process.env.SESSIONS_FOLDER),
  cookie: { maxAge: 600000 },
});
app.use(session);
app.use(passport.session());

app.post("/login/:name", (request, response, next) => {
  request.login({ id: request.params.name }, (error) => (error ? next(error) : response.sendStatus(204)));
});
app.get("/count", (request, response) => response.json(request.session.count ?? null));

const onlyForHandshake = (middleware) => (request, response, next) =>
  request._query.sid === undefined ? middleware(request, response, next) : next();

io.engine.use(onlyForHandshake(session));
io.engine.use(onlyForHandshake(passport.session()));
io.engine.use(
  onlyForHandshake((request, response, next) => {
    response.setHeader("x-served", "yes");
    if (request.user) return next();
    response.writeHead(401);
    response.end("who are you?");
  }),
);

io.on("connection", (socket) => {
  const { request } = socket;
  const atConnection = request.session;
  request.session.connections = (request.session.connections ?? 0) + 1;

  socket.on("who", (answer) => answer(request.user, request.isAuthenticated(), request.session.passport));
  socket.on("session", (answer) => {
    answer(request.session.id === request.sessionID, request.session.connections, typeof atConnection.save);
  });
  socket.on("count", (answer) => {
    request.session.count = (request.session.count ?? 0) + 1;
    answer(request.session.count);
  });
  socket.on("save", (answer) => request.session.save((error) => answer(error ?? "saved")));
  socket.on("save and go", (answer) => {
    atConnection.count = 100;
    atConnection.save();
    answer();
  });
  socket.on("reload", (answer) => {
    request.session.reload((error) => answer(error ? error.message : request.session.count));
  });
  socket.on("log out", (answer) => request.session.destroy(() => answer(typeof request.session)));
  socket.on("regenerate", (answer) => {
    const before = request.sessionID;
    request.session.regenerate((error) => {
      const { session, sessionID } = request;
      answer(error ? error.message : [sessionID !== before, session.id === sessionID, session.count ?? null]);
    });
  });
  socket.on("touch", (answer) => {
    const expiresMs = () => new Date(request.session.cookie.expires).getTime();
    const before = expiresMs();
    setTimeout(() => {
      const isItself =
        request.session.touch() === request.session && request.session.resetMaxAge() === request.session;
      answer([isItself, expiresMs() > before, request.session.cookie.originalMaxAge]);
    }, 5);
  });
  socket.on("store", (answer) => answer(typeof request.sessionStore));
  socket.on("log out here", (answer) => {
    try {
      request.logout(() => answer("logged out"));
    } catch (error) {
      answer(error.code);
    }
  });
  socket.on("logged in?", (answer) => answer(typeof request.session));
});

server.listen(process.env.PORT || 3000, () => {
  console.log(`listening on ${server.address().port}`);
});
