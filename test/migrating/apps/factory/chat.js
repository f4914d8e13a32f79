module.exports = function createChat(io) {
  const history = [];

  const remember = (message) => {
    history.push(message);
    if (history.length > 100) history.shift();
  };

  io.on("connection", (socket) => {
    socket.on("say", (text, done) => {
      remember(text);
      io.emit("said", text);
      done();
    });
    socket.on("history", (done) => done(history));
  });
};
