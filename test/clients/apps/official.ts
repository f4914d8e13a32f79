/** The official server in a process of its own, for it is killed. Arguments: its port; `msgpack` for that parser. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server } from "socket.io";
import * as parser from "socket.io-msgpack-parser";
import { install } from "./features.ts";

const [port, kind] = process.argv.slice(2);
const server = createServer();
install(new Server(server, kind === "msgpack" ? { parser } : {}));
server.listen(Number(port), "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
