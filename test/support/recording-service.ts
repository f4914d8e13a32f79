import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface ServiceAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text as it is. */
  readonly body?: unknown;
}

/** Something that answers like a service of AWS, as it is told, and keeps what it was asked. */
export interface RecordingService {
  readonly endpoint: string;
  readonly seen: SeenRequest[];
  readonly server: Server;
  /** For each request from now on, by how many were before it; `break` ends the connection instead. */
  answerBy(answer: (index: number) => ServiceAnswer | "break"): void;
  stop(): Promise<void>;
}

export async function startRecordingService(): Promise<RecordingService> {
  const seen: SeenRequest[] = [];
  let asked = 0;
  let answerOf: (index: number) => ServiceAnswer | "break" = () => ({});
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      seen.push({ method, url, headers, body: Buffer.concat(chunks).toString() });
      const answer = answerOf(asked++);
      if (answer === "break") request.socket.destroy();
      else write(response, answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    server,
    answerBy(answer) {
      asked = 0;
      seen.length = 0;
      answerOf = answer;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function write(response: ServerResponse, { status = 200, headers = {}, body = {} }: ServiceAnswer): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "content-length": Buffer.byteLength(text),
    "x-amzn-requestid": "4KBNVRGD25RG1KEO9UT4V3FQDJVV4KQNSO5AEMVJF66Q9ASUAAJG",
    ...headers,
  });
  response.end(text);
}
