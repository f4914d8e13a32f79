import { Agent, createServer, request, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One request to DynamoDB on its way through. */
export interface Passing {
  /** `UpdateItem`, `BatchWriteItem`, … */
  readonly action: string;
  readonly body: string;
}

export interface FaultProxy {
  /** For the instances' environment: `AWS_ENDPOINT_URL_DYNAMODB`. */
  readonly url: string;
  /** Where requests go; they wait until it is set. */
  target: string | undefined;
  /** Called before a request is passed on. True: it is not, and nobody answers. */
  onBefore: (passing: Passing) => boolean;
  /** Called before a request is passed on. An error of DynamoDB's: it is not, and that is the answer; status 400 if none is said. */
  onRefuse: (passing: Passing) => readonly [name: string, message: string, status?: number] | undefined;
  /** By how many milliseconds a request is late. */
  onDelay: (passing: Passing) => number;
  /** Called when the request has had its effect, before it is answered. True: nobody answers. */
  onAfter: (passing: Passing) => boolean;
  stop(): Promise<void>;
}

/** Stands between the instances and their table, so that a test can end an instance at an exact write. */
export async function startFaultProxy(): Promise<FaultProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => void pass(incoming.headers, Buffer.concat(chunks), answer));
  });

  const proxy: FaultProxy = {
    url: "",
    target: undefined,
    onBefore: () => false,
    onRefuse: () => undefined,
    onDelay: () => 0,
    onAfter: () => false,
    stop: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function pass(headers: IncomingHttpHeaders, body: Buffer, answer: ServerResponse): Promise<void> {
    const action = String(headers["x-amz-target"]).replace(/^.*\./, "");
    const passing = { action, body: body.toString("utf8") };
    while (proxy.target === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    const delayMs = proxy.onDelay(passing);
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    if (proxy.onBefore(passing)) {
      answer.destroy();
      return;
    }
    const refusal = proxy.onRefuse(passing);
    if (refusal !== undefined) {
      const [name, message, status = 400] = refusal;
      answer.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      answer.end(JSON.stringify({ __type: `com.amazon.coral.service#${name}`, message }));
      return;
    }
    const onward = request(proxy.target, { method: "POST", headers, agent }, (reply) => {
      const parts: Buffer[] = [];
      reply.on("data", (part: Buffer) => parts.push(part));
      reply.on("end", () => {
        if (proxy.onAfter(passing)) answer.destroy();
        else answer.writeHead(reply.statusCode ?? 500, reply.headers).end(Buffer.concat(parts));
      });
    });
    onward.on("error", () => answer.destroy());
    onward.end(body);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(proxy, { url: `http://127.0.0.1:${port}` });
}
