import { request } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { AnswerReader, type HttpAnswer } from "../../lib/requests/answer-reader.ts";

const answers: Readonly<Record<string, string>> = {
  "a body of a length": 'HTTP/1.1 200 OK\r\nContent-Length: 13\r\nX-A: 1\r\n\r\n{"S":"h\u00e9y"}\n',
  "no body": "HTTP/1.1 204 No Content\r\nx-a: 1\r\n\r\n",
  "an empty body": "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
  "no reason behind the status": "HTTP/1.1 410\r\ncontent-length: 2\r\n\r\n{}",
  chunks:
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n, \r\n world\r\n0\r\n\r\n",
  "chunks and trailers":
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-t: 1\r\nx-u: 2\r\n\r\n",
  "no chunks": "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
  "a body up to the end": "HTTP/1.1 200 OK\r\nx-a: 1\r\n\r\nhello",
  "an answer that comes first": "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
  "an older protocol": "HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok",
  "a header twice, and one without a value":
    "HTTP/1.1 200 OK\r\nx-a:\t1 \r\nX-A: 2\r\nx-b:\r\ncontent-length: 2\r\n\r\nok",
};

/** What the reader makes of it when it comes in pieces of that many bytes. */
function readIn(pieces: number, bytes: Buffer): HttpAnswer | undefined {
  const reader = new AnswerReader();
  let answer: HttpAnswer | undefined;
  for (let from = 0; from < bytes.length; from += pieces)
    answer = reader.read(bytes.subarray(from, from + pieces)) ?? answer;
  return answer ?? reader.end();
}

/** What `node:http` makes of it. */
async function readByNode(bytes: Buffer) {
  const server = createServer((socket) => socket.once("data", () => socket.end(bytes)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise<{ status: number | undefined; body: string; a: unknown }>((resolve, reject) => {
      const outgoing = request({ port, host: "127.0.0.1", method: "POST", agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () =>
          resolve({
            status: response.statusCode,
            body: Buffer.concat(chunks).toString(),
            a: response.headers["x-a"],
          }),
        );
      });
      outgoing.on("error", reject);
      outgoing.end();
    });
  } finally {
    server.close();
  }
}

describe("an answer", () => {
  it.each(Object.entries(answers))(
    "with %s is what it is to Node's client, however it is cut",
    async (_, text) => {
      const bytes = Buffer.from(text);

      const expected = await readByNode(bytes);

      for (let pieces = 1; pieces <= bytes.length; pieces++) {
        const answer = readIn(pieces, bytes);
        expect({
          pieces,
          status: answer?.status,
          body: answer?.body.toString(),
          a: answer?.header("x-a"),
        }).toEqual({ pieces, ...expected });
      }
    },
  );

  it.each([
    ["another protocol", "ICY 200 OK\r\n\r\n"],
    ["an upgrade that nobody asked for", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc"],
    ["a length that is none", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
    ["a chunk without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
    ["a chunk of another size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n"],
    ["another coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n"],
    ["a head without an end", `HTTP/1.1 200 OK\r\n${"x-a: 1\r\n".repeat(20_000)}`],
  ])("is refused with %s", (_, text) => {
    expect(() => readIn(text.length, Buffer.from(text))).toThrow(/expected/);
  });

  it.each([
    ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", false],
    ["HTTP/1.1 200 OK\r\nconnection: keep-alive\r\ncontent-length: 2\r\n\r\nok", false],
    ["HTTP/1.1 200 OK\r\nConnection: Close\r\ncontent-length: 2\r\n\r\nok", true],
    ["HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", true],
    ["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok and more", true],
  ])("of %j is the last of its connection: %s", (text, isLast) => {
    const reader = new AnswerReader();

    expect(reader.isLast(reader.read(Buffer.from(text))!)).toBe(isLast);
  });

  it("is none where the connection ends within it", () => {
    for (const text of ["HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nok", "HTTP/1.1 200"])
      expect(readIn(5, Buffer.from(text))).toBeUndefined();
  });

  it("comes again and again of one reader", () => {
    const reader = new AnswerReader();
    const bytes = Buffer.from(answers["chunks"]!);

    expect([reader.read(bytes), reader.read(bytes)].map((answer) => answer?.body.toString())).toEqual([
      "hello, \r\n world",
      "hello, \r\n world",
    ]);
    expect(reader.isUntouched).toBe(true);
  });
});
