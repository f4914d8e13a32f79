/**
 * The process that holds the table: dynalite in memory, on a port of its own choice, told to the parent. A process
 * and not a thread of the gateway's, because each request takes it a good part of a millisecond.
 */
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { noteCall } from "../call-log.ts";

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the last turns still need their table.
process.on("SIGINT", () => {});

const server = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
server.on("request", (request: IncomingMessage) => {
  const [, action] = String(request.headers["x-amz-target"]).split(".");
  if (action !== undefined) noteCall(request, `dynamodb:${action}`);
});
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
