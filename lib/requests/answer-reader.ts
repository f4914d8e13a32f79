import { networkError } from "./network-error.ts";

/** An answer of HTTP/1.1, complete. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  /** The value of a header, by its name in small letters. */
  header(name: string): string | undefined;
}

/** Beyond that no service of AWS has answered yet. */
const MAX_HEAD_BYTES = 65_536;
const END_OF_HEAD = "\r\n\r\n";
const NOTHING = Buffer.alloc(0);

interface Head {
  readonly status: number;
  /** Status line and headers, each header behind `\r\n`. */
  readonly text: string;
  /** `chunked`, until the connection ends, or a number of bytes. */
  readonly extent: "chunked" | "end" | number;
}

/**
 * Puts one answer together of the bytes of a connection, after RFC 9112: bodies of a length, in chunks, or up to the
 * end of the connection. Interim answers are passed over. Throws where the bytes are no answer; then and after an
 * answer that `isLast`, the connection is of no more use.
 * @see https://www.rfc-editor.org/rfc/rfc9112#section-6.3
 */
export class AnswerReader {
  #bytes: Buffer = NOTHING;
  #head: Head | undefined;
  #chunks: ChunkedBody | undefined;

  /** Whether nothing of an answer has come yet. */
  get isUntouched(): boolean {
    return this.#head === undefined && this.#bytes.length === 0;
  }

  /** The answer, once it is complete. */
  read(bytes: Buffer): HttpAnswer | undefined {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    while (this.#head === undefined) {
      const head = this.#readHead();
      if (head === undefined) return undefined;
      if (head.status >= 200) this.#head = head;
      else if (head.status === 101) throw broken("no other protocol", "101");
    }
    const { extent } = this.#head;
    if (extent === "end") return undefined;
    if (extent === "chunked") {
      this.#chunks ??= new ChunkedBody();
      const body = this.#chunks.read(this.#bytes);
      this.#bytes = body === undefined ? NOTHING : this.#chunks.rest;
      return body && this.#complete(this.#head, body);
    }
    if (this.#bytes.length < extent) return undefined;
    const body = this.#bytes.subarray(0, extent);
    this.#bytes = this.#bytes.subarray(extent);
    return this.#complete(this.#head, body);
  }

  /** The connection has ended: the answer, if that was the end of it too. */
  end(): HttpAnswer | undefined {
    return this.#head?.extent === "end" ? this.#complete(this.#head, this.#bytes) : undefined;
  }

  /** Whether bytes have come that belong to no answer, or the connection is to be closed behind the answer just read. */
  isLast(answer: HttpAnswer): boolean {
    const connection = answer.header("connection")?.toLowerCase();
    return this.#bytes.length > 0 || connection === "close" || (answer as ReadAnswer).isOld;
  }

  #readHead(): Head | undefined {
    const end = this.#bytes.indexOf(END_OF_HEAD);
    if (end === -1 || end > MAX_HEAD_BYTES) {
      if (this.#bytes.length > MAX_HEAD_BYTES)
        throw broken("a head of an answer", "too many bytes without its end");
      return undefined;
    }
    const text = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + END_OF_HEAD.length);
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |\r|$)/.exec(text)?.[1]);
    if (!(status >= 100)) throw broken("an answer of HTTP/1.1", JSON.stringify(text.slice(0, 40)));
    return { status, text, extent: toExtent(status, text) };
  }

  #complete(head: Head, body: Buffer): HttpAnswer {
    this.#head = undefined;
    this.#chunks = undefined;
    return new ReadAnswer(head, body);
  }
}

class ReadAnswer implements HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
  readonly #text: string;

  constructor({ status, text }: Head, body: Buffer) {
    this.status = status;
    this.#text = text;
    this.body = body;
  }

  header(name: string): string | undefined {
    return headerOf(this.#text, name);
  }

  get isOld(): boolean {
    return this.#text.startsWith("HTTP/1.0");
  }
}

function toExtent(status: number, text: string): Head["extent"] {
  if (status < 200 || status === 204 || status === 304) return 0;
  const coding = headerOf(text, "transfer-encoding");
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") throw broken("chunks", coding);
    return "chunked";
  }
  const length = headerOf(text, "content-length");
  if (length === undefined) return "end";
  if (!/^\d{1,10}$/.test(length)) throw broken("one length of the body", length);
  return Number(length);
}

/** Several of one name are one, with commas between them. */
function headerOf(text: string, name: string): string | undefined {
  let pattern = patterns.get(name);
  if (pattern === undefined) patterns.set(name, (pattern = new RegExp(`\r\n${name}:[ \t]*([^\r\n]*)`, "gi")));
  let found: string | undefined;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const value = (match[1] ?? "").trimEnd();
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

const patterns = new Map<string, RegExp>();

/** A body in chunks, whose sizes are told before each. Trailers are passed over. */
class ChunkedBody {
  /** What came behind the body. */
  rest: Buffer = NOTHING;
  readonly #parts: Buffer[] = [];
  #bytes: Buffer = NOTHING;
  /** Of the present chunk with the line end behind it; undefined between chunks. */
  #left: number | undefined;
  #isInTrailers = false;

  read(bytes: Buffer): Buffer | undefined {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
    for (;;) {
      if (this.#left !== undefined) {
        if (this.#bytes.length < this.#left) return undefined;
        this.#takeChunk(this.#left);
      }
      const line = this.#takeLine();
      if (line === undefined) return undefined;
      if (this.#isInTrailers) {
        if (line !== "") continue;
        this.rest = this.#bytes;
        return Buffer.concat(this.#parts);
      }
      const size = /^([\da-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line)?.[1];
      if (size === undefined) throw broken("the size of a chunk", JSON.stringify(line.slice(0, 40)));
      this.#isInTrailers = Number.parseInt(size, 16) === 0;
      if (!this.#isInTrailers) this.#left = Number.parseInt(size, 16) + 2;
    }
  }

  #takeChunk(length: number): void {
    if (this.#bytes.toString("latin1", length - 2, length) !== "\r\n")
      throw broken("a chunk of its size", "another");
    this.#parts.push(this.#bytes.subarray(0, length - 2));
    this.#bytes = this.#bytes.subarray(length);
    this.#left = undefined;
  }

  #takeLine(): string | undefined {
    const end = this.#bytes.indexOf("\r\n");
    if (end === -1) {
      if (this.#bytes.length > MAX_HEAD_BYTES) throw broken("a line between chunks", "too many bytes");
      return undefined;
    }
    const line = this.#bytes.toString("latin1", 0, end);
    this.#bytes = this.#bytes.subarray(end + 2);
    return line;
  }
}

const broken = (expected: string, got: string): Error =>
  networkError("ECONNRESET", `expected ${expected}, got ${got}`);
