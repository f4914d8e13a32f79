/**
 * Preloaded into every process that means AWS (`NODE_OPTIONS=--require`): connections to its hosts go to the emulator at
 * NONSTICKY_EMULATOR_PORT of the loopback interface. Names, certificates and signatures stay as they are; no file of
 * hosts and no privileged port is needed.
 */
const net = require("node:net");

const port = Number(process.env.NONSTICKY_EMULATOR_PORT);
const awsHost = /\.(amazonaws\.com|cloudfront\.net)$/;
const { connect } = net.Socket.prototype;

net.Socket.prototype.connect = function (...args) {
  // What `net.connect` and `tls.connect` pass on is one list with the options in front.
  const normalized = Array.isArray(args[0]) ? args[0] : args;
  const [options] = normalized;
  if (port > 0 && typeof options === "object" && awsHost.test(options?.host ?? "")) {
    normalized[0] = { ...options, host: "127.0.0.1", port };
  }
  return connect.apply(this, args);
};
