import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export interface CuttableNetwork {
  readonly url: string;
  /**
   * Nothing gets through any more, and nobody gets in. Of every other connection the server is not told: what it sends
   * disappears, and it takes its client for present.
   */
  cut(): void;
  heal(): void;
  stop(): Promise<void>;
}

/** Stands between clients and a server. */
export async function startCuttableNetwork(targetUrl: string): Promise<CuttableNetwork> {
  const { hostname, port } = new URL(targetUrl);
  const open = new Map<Socket, Socket>();
  const deaf = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    near.on("error", () => near.destroy());
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    far.on("error", () => far.destroy());
    open.set(near, far);
    near.pipe(far);
    far.pipe(near);
    near.on("close", () => {
      if (open.delete(near)) far.destroy();
    });
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
      for (const [index, [near, far]] of [...open].entries()) {
        if (index % 2 === 0) {
          open.delete(near);
          far.unpipe(near);
          near.unpipe(far);
          far.resume();
          deaf.add(far);
        }
        near.destroy();
      }
    },
    heal() {
      isCut = false;
    },
    async stop() {
      for (const [near, far] of open) {
        near.destroy();
        far.destroy();
      }
      for (const far of deaf) far.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
