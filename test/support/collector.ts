import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/** What handlers in other processes say about themselves. */
export interface Collector<Report> {
  /** For the instances' environment: `COLLECTOR_URL`. */
  readonly url: string;
  /** In order of arrival. */
  readonly reports: readonly Report[];
  /** Called before a report is kept, and again before it is answered. */
  onReport: (report: Report, moment: "before" | "after") => void;
  stop(): Promise<void>;
}

/** Takes JSON by POST. A report is kept before it is answered, so whoever awaited it knows it is here. */
export async function startCollector<Report>(): Promise<Collector<Report>> {
  const reports: Report[] = [];
  // An instance that reports after a while never meets a connection that is being closed.
  const server = createServer({ keepAliveTimeout: 0 }, (incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const message = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Report;
      collector.onReport(message, "before");
      reports.push(message);
      collector.onReport(message, "after");
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const collector: Collector<Report> = {
    url: `http://127.0.0.1:${port}`,
    reports,
    onReport: () => undefined,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}

/** Called inside an app under test. Not by `fetch`: its first call costs each instance 50 ms of processor. */
export async function report(message: unknown): Promise<void> {
  const url = process.env["COLLECTOR_URL"];
  if (url === undefined) throw new Error("expected COLLECTOR_URL to be set, got nothing");
  await new Promise<void>((resolve, reject) => {
    const sent = request(url, { method: "POST" }, (response) => response.resume().on("end", resolve));
    sent.on("error", reject).end(JSON.stringify(message));
  });
}
