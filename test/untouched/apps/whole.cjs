// Written for socket.io, by nobody who knew of nonsticky: routes, a page, sessions and sockets in one file.
const path = require("path");
const cookieSession = require("cookie-session");
const express = require("express");

const app = express();
const server = require("http").createServer(app);
const io = require("socket.io")(server, { cors: { origin: "http://shop.example" } });

const session = cookieSession({ name: "session", keys: ["swordfish"] });
app.use(session);
io.engine.use(session);
app.use(express.static(path.join(__dirname, "public")));
app.use(express.json());

app.post("/sessions", (request, response) => {
  request.session.user = request.body.user;
  response.status(201).json({ user: request.session.user });
});

app.get("/me", (request, response) => {
  response.json({ user: request.session.user ?? null });
});

app.post("/news", (request, response) => {
  io.emit("news", request.body);
  response.sendStatus(204);
});

app.get("/pixel", (request, response) => {
  response
    .cookie("seen", "yes")
    .cookie("when", "now")
    .type("gif")
    .send(Buffer.from([71, 73, 70, 0, 255, 254]));
});

app.get("/slow", (request, response) => {
  response.write("one,");
  setTimeout(() => response.end("two"), 20);
});

app.get("/broken", () => {
  throw new Error("expected");
});

io.on("connection", (socket) => {
  socket.on("ask", (question, answer) => answer(`${question}? yes`));
  socket.on("who", (answer) => answer(socket.request.session.user ?? null));
});

server.listen(process.env.PORT || 3000, () => {
  console.log(`listening on ${server.address().port}`);
});
