import { createServer, type Server } from "node:http";
import dynalite from "dynalite";
import { noteCall } from "../call-log.ts";
import { isForThisMachine, isOfBrowser } from "../strangers.ts";

/** dynalite in memory, not listening yet, for programs of this machine: like DynamoDB, it lets pages of any origin read it. */
export function createGuardedTable(): Server {
  const table = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  return createServer((request, response) => {
    const { headers } = request;
    if (isOfBrowser(headers) || !isForThisMachine(headers)) {
      request.resume();
      response.writeHead(403).end();
      return;
    }
    const [, action] = String(headers["x-amz-target"]).split(".");
    if (action !== undefined) noteCall(request, `dynamodb:${action}`);
    table.emit("request", request, response);
  });
}
