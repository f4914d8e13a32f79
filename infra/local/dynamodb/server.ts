/**
 * The process that holds the table, on a port of its own choice, told to the parent. A process and not a thread of the
 * gateway's, because each request takes it a good part of a millisecond.
 */
import type { AddressInfo } from "node:net";
import { createGuardedTable } from "./guarded-table.ts";

process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of the terminal; the last turns still need their table.
process.on("SIGINT", () => {});

const server = createGuardedTable((report) => process.send?.(report));
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
