const commands = {
  add: (a, b) => a + b,
  multiply: (a, b) => a * b,
};

/** @param {import("socket.io").Server} io */
exports.register = (io, socket) => {
  const reply = (event, value) => socket.emit(event, value);

  socket.use(([event], next) => {
    socket.data.events = (socket.data.events ?? 0) + 1;
    next();
  });

  socket.on("compute", (name, a, b, done) => {
    const command = commands[name];
    if (!command) return done("no such command");
    reply("computed", name);
    done(command(a, b));
  });

  socket.on("slow", async (done) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 1000);
    clearTimeout(timer);
    done(socket.data.events);
  });
};
