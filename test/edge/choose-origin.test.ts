import { readFile } from "node:fs/promises";
import path from "node:path";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";

const file = path.resolve(import.meta.dirname, "../../infra/edge/choose-origin.js");
const importLine = 'import cf from "cloudfront";\n';

let code: string;

beforeAll(async () => {
  code = await readFile(file, "utf8");
});

interface Value {
  readonly value: string;
  readonly multiValue?: readonly { readonly value: string }[];
}

interface Request {
  readonly method: string;
  readonly uri: string;
  readonly querystring: Readonly<Record<string, Value>>;
  readonly headers: Readonly<Record<string, Value>>;
  readonly cookies: Readonly<Record<string, Value>>;
}

/** A query as CloudFront shows it: nothing is decoded, and what comes twice has all its values beside the first. */
function toQuerystring(query: string): Record<string, Value> {
  const querystring: Record<string, Value> = Object.create(null);
  for (const part of query.split("&").filter((text) => text !== "")) {
    const [name = "", ...value] = part.split("=");
    const own = { value: value.join("=") };
    const before = querystring[name];
    querystring[name] =
      before === undefined
        ? own
        : { value: before.value, multiValue: [...(before.multiValue ?? [{ value: before.value }]), own] };
  }
  return querystring;
}

/** What the function makes of a request, run as CloudFront does: one script, of which it calls `handler`. */
function choose(request: { method?: string; uri?: string; querystring: Record<string, Value> }): {
  origin: string;
  forwarded: Request;
} {
  let origin = "polling";
  const cf = {
    selectRequestOriginById: (id: string) => {
      origin = id;
    },
  };
  const { handler } = runInNewContext(`${code.replace(importLine, "")};({ handler })`, { cf }) as {
    handler(event: unknown): Request;
  };
  const forwarded = handler({
    version: "1.0",
    context: { eventType: "viewer-request" },
    viewer: { ip: "203.0.113.7" },
    request: { method: "GET", uri: "/socket.io/", headers: {}, cookies: {}, ...request },
  });
  return { origin, forwarded };
}

const chooseFor = (method: string, uri: string, query: string) =>
  choose({ method, uri, querystring: toQuerystring(query) });

describe("a WebSocket", () => {
  it.each([
    ["that opens a session", "/socket.io/", "EIO=4&transport=websocket"],
    [
      "that takes a polling session over",
      "/socket.io/",
      "EIO=4&transport=websocket&sid=q83vEjRWeJCrze8BI0Vn",
    ],
    ["of a client without a slash at the end", "/socket.io", "EIO=4&transport=websocket"],
    ["of an old client", "/socket.io/", "EIO=3&transport=websocket"],
    ["whose query has more in it", "/socket.io/", "token=a%26b&EIO=4&transport=websocket&t=OSUx6Qp"],
  ])("%s goes to the WebSocket API, at the path of its stage", (_, uri, query) => {
    const { origin, forwarded } = chooseFor("GET", uri, query);

    expect(origin).toBe("websocket");
    expect(forwarded.uri).toBe("/");
  });

  it("keeps its query, its headers and its cookies", () => {
    const querystring = toQuerystring("EIO=4&transport=websocket&token=a%26b&room=1&room=2");
    const request = {
      querystring: structuredClone(querystring),
      headers: { "sec-websocket-key": { value: "dGhlIHNhbXBsZSBub25jZQ==" } },
      cookies: { io: { value: "1" } },
    };

    const { forwarded } = choose(request);

    expect({ ...forwarded.querystring }).toEqual({ ...querystring });
    expect(forwarded.headers).toEqual({ "sec-websocket-key": { value: "dGhlIHNhbXBsZSBub25jZQ==" } });
    expect(forwarded.cookies).toEqual({ io: { value: "1" } });
  });

  it("is one, too, where CloudFront lists a single value", () => {
    const transport = { value: "websocket", multiValue: [{ value: "websocket" }] };

    expect(choose({ querystring: { transport } }).origin).toBe("websocket");
  });
});

describe("everything else stays with the HTTP API, untouched", () => {
  it.each([
    ["the handshake of polling", "GET", "/socket.io/", "EIO=4&transport=polling"],
    ["a GET", "GET", "/socket.io/", "EIO=4&transport=polling&sid=q83vEjRWeJCrze8BI0Vn"],
    ["a POST", "POST", "/socket.io/", "EIO=4&transport=polling&sid=q83vEjRWeJCrze8BI0Vn"],
    ["a preflight", "OPTIONS", "/socket.io/", "EIO=4&transport=polling"],
    ["no query", "GET", "/socket.io/", ""],
    ["no transport", "GET", "/socket.io/", "EIO=4"],
    ["a transport of no name", "GET", "/socket.io/", "transport"],
    ["an empty transport", "GET", "/socket.io/", "transport="],
    ["the client's script", "GET", "/socket.io/socket.io.js", ""],
    ["another path", "GET", "/", ""],
    ["another path still", "GET", "/favicon.ico", "v=2"],
    ["both transports", "GET", "/socket.io/", "transport=polling&transport=websocket"],
    ["both, the other way round", "GET", "/socket.io/", "transport=websocket&transport=polling"],
    ["one transport twice", "GET", "/socket.io/", "transport=websocket&transport=websocket"],
    ["another transport", "GET", "/socket.io/", "transport=webtransport"],
    ["a longer word", "GET", "/socket.io/", "transport=websockets"],
    ["capitals", "GET", "/socket.io/", "transport=WebSocket"],
    ["a blank", "GET", "/socket.io/", "transport=websocket%20"],
    ["a name inside a name", "GET", "/socket.io/", "xtransport=websocket"],
    ["a name inside a value", "GET", "/socket.io/", "next=transport=websocket"],
    ["the name of a prototype", "GET", "/socket.io/", "__proto__=websocket&constructor=websocket"],
    ["a list", "GET", "/socket.io/", "transport[]=websocket"],
    ["another origin's name", "GET", "/socket.io/", "transport=websocket/../polling"],
  ])("%s", (_, method, uri, query) => {
    const { origin, forwarded } = chooseFor(method, uri, query);

    expect(origin).toBe("polling");
    expect(forwarded).toMatchObject({ method, uri });
    expect({ ...forwarded.querystring }).toEqual({ ...toQuerystring(query) });
  });
});

describe("the function", () => {
  it("imports what CloudFront has, and nothing else", () => {
    expect(code.startsWith(importLine)).toBe(true);
    expect(code.replace(importLine, "")).not.toMatch(/\bimport\b|\bexport\b|\brequire\b/);
  });

  it("is smaller than CloudFront allows", () => {
    expect(Buffer.byteLength(code)).toBeLessThan(10 * 1024);
  });

  it("has nothing that the framework or CloudFormation would replace", () => {
    expect(code).not.toContain("${");
  });
});
