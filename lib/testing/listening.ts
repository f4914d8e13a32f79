import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { TestingError } from "./errors.ts";

/** Listens on the loopback interface and resolves with the port. Throws `testing.port_in_use`. */
export function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(error.code === "EADDRINUSE" ? portInUse(port, error) : error);
    });
    server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
  });
}

/** Ends whatever connections there still are. */
export function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

const portInUse = (port: number, cause: unknown): TestingError =>
  new TestingError(
    "testing.port_in_use",
    `expected port ${port} to be free, got one that somebody listens on; without \`port\` any free one is taken`,
    { cause, evidence: { port } },
  );
