/**
 * The process that holds the table, on a port of its own choice, told to the parent. A process and not a thread of the
 * gateway's, because each request takes it a good part of a millisecond.
 */
import type { AddressInfo } from "node:net";
import { createGuardedTable } from "./guarded-table.ts";
import type { TableReport } from "./report-request.ts";

/** Reports go to the parent together: each message takes both a good part of what a request does. */
const REPORT_AFTER_MS = 20;

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the last turns still need their table.
process.on("SIGINT", () => {});

let reports: TableReport[] = [];
const server = createGuardedTable((report) => {
  if (reports.push(report) > 1) return;
  setTimeout(() => {
    process.send?.(reports);
    reports = [];
  }, REPORT_AFTER_MS);
});
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
