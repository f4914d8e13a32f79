import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Server, type ServerOptions } from "socket.io";

/** A server under test, whoever made it. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** The reference: the official server with an app on it, on a free port of the loopback interface. */
export async function startOfficial(
  app: (io: Server) => void,
  options: Partial<ServerOptions> = {},
): Promise<RunningServer> {
  const httpServer = createServer();
  // A copy: it writes defaults of its own into what it is given.
  const io = new Server(httpServer, { ...options });
  app(io);
  await new Promise<void>((resolve) => httpServer.listen(0, "127.0.0.1", resolve));
  const { port } = httpServer.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => io.close() };
}
