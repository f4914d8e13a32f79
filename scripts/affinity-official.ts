import { spawn, spawnSync } from "node:child_process";
import { createServer, connect as connectTcp, type AddressInfo, type Server as TcpServer } from "node:net";
import { createServer as createHttpServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { findFreePort } from "./free-port.ts";

const SERVERS = 3;
const CLIENTS = 60;
const PATIENCE_MS = 6_000;

/**
 * The control: three official servers that share a Redis, behind a TCP balancer that takes them in turn, as any
 * balancer without sticky sessions does. Says how many default clients get in.
 */
export async function playOfficial(): Promise<string> {
  if (spawnSync("redis-server", ["--version"]).status !== 0) {
    return "control skipped: no redis-server on the PATH";
  }
  const redisPort = await findFreePort();
  const redis = spawn(
    "redis-server",
    ["--port", String(redisPort), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    {
      stdio: "ignore",
    },
  );
  const stops: (() => unknown)[] = [() => redis.kill()];
  try {
    const ports: number[] = [];
    for (let index = 0; index < SERVERS; index += 1) {
      const [publisher, subscriber] = await Promise.all([openRedis(redisPort), openRedis(redisPort)]);
      const http = createHttpServer();
      const server = new Server(http, { adapter: createAdapter(publisher, subscriber) });
      await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
      ports.push((http.address() as AddressInfo).port);
      stops.push(
        () => server.close(),
        () => publisher.destroy(),
        () => subscriber.destroy(),
      );
    }
    const balancer = await startRoundRobin(ports);
    stops.push(() => balancer.close());
    const url = `http://127.0.0.1:${(balancer.address() as AddressInfo).port}`;
    const clients = Array.from({ length: CLIENTS }, () => io(url, { forceNew: true, reconnection: false }));
    const outcomes = await Promise.all(
      clients.map(
        (client) =>
          new Promise<boolean>((resolve) => {
            client.once("connect", () => resolve(true));
            client.once("connect_error", () => resolve(false));
            setTimeout(() => resolve(false), PATIENCE_MS);
          }),
      ),
    );
    for (const client of clients) client.disconnect();
    const connected = outcomes.filter(Boolean).length;
    return `control: ${connected} of ${CLIENTS} default clients connect to ${SERVERS} official servers with the Redis adapter behind a round-robin balancer`;
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function openRedis(port: number) {
  const client = createClient({ socket: { host: "127.0.0.1", port, reconnectStrategy: 50 } });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function startRoundRobin(ports: readonly number[]): Promise<TcpServer> {
  let turn = 0;
  const server = createServer((inbound) => {
    const outbound = connectTcp(ports[turn++ % ports.length] as number, "127.0.0.1");
    inbound.pipe(outbound).pipe(inbound);
    inbound.on("error", () => outbound.destroy());
    outbound.on("error", () => inbound.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
