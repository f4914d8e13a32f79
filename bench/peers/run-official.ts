/**
 * The official server: alone, or two of them in two processes with the Redis adapter between them (`-- PORT`, of a Redis).
 * Tells its parent the URLs.
 */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { startOfficial } from "../../test/support/official-server.ts";
import { play } from "./app.ts";

const [redisPort, second] = process.argv.slice(2);

const { url } = await startOfficial(
  play,
  redisPort === undefined ? {} : { adapter: await connect(redisPort) },
);
const urls = [url];
if (redisPort !== undefined && second === undefined) {
  const child = fork(fileURLToPath(import.meta.url), [redisPort, "second"]);
  const [other] = await new Promise<[string]>((resolve) => child.once("message", resolve as () => void));
  urls.push(other);
}
process.once("disconnect", () => process.exit(0));
process.send?.(urls);

async function connect(port: string) {
  const publisher = createClient({
    socket: { host: "127.0.0.1", port: Number(port), reconnectStrategy: 50 },
  });
  publisher.on("error", () => undefined);
  const subscriber = publisher.duplicate();
  subscriber.on("error", () => undefined);
  await Promise.all([publisher.connect(), subscriber.connect()]);
  return createAdapter(publisher, subscriber);
}
