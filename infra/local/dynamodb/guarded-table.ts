import { createServer, type Server } from "node:http";
import dynalite from "dynalite";
import { noteCall } from "../call-log.ts";
import { withTransactions } from "./transactions.ts";
import { CAUSE_HEADER } from "../inspector/cause.ts";
import { reportRequest, type TableReport } from "./report-request.ts";
import { isForThisMachine, isOfBrowser } from "../strangers.ts";

/**
 * dynalite in memory, not listening yet, for programs of this machine: like DynamoDB, it lets pages of any origin read it.
 * `onReport` hears of the requests that are marked.
 */
export function createGuardedTable(onReport: (report: TableReport) => void = () => undefined): Server {
  const table = dynalite({ createTableMs: 0, updateTableMs: 0, deleteTableMs: 0 });
  // A transaction needs leave for each of its writes, and none of its own.
  const answer = withTransactions(table, (request, actions) => {
    for (const action of actions) noteCall(request, `dynamodb:${action}`);
  });
  return createServer((request, response) => {
    const { headers } = request;
    if (isOfBrowser(headers) || !isForThisMachine(headers)) {
      request.resume();
      response.writeHead(403).end();
      return;
    }
    const [, action] = String(headers["x-amz-target"]).split(".");
    if (action !== undefined && action !== "TransactWriteItems") noteCall(request, `dynamodb:${action}`);
    const cause = headers[CAUSE_HEADER];
    if (typeof cause === "string" && action !== undefined) {
      void reportRequest(request, response, { cause, action, answer, onReport });
    } else {
      answer(request, response);
    }
  });
}
