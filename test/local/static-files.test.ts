import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendFile } from "../../infra/local/gateway/static-files.ts";

let dir: string;
let server: Server;
let url: string;

/** A project whose `public` is a link, as build tools make them, with links of every kind in it. */
beforeAll(async () => {
  dir = await mkdtemp(path.join(tmpdir(), "nonsticky-static-"));
  const files = {
    "secret.txt": "secret",
    "publicly/secret.txt": "secret",
    "out/index.html": "front",
    "out/sub/index.html": "sub",
    "out/page.txt": "page",
    "out/.env": "secret",
    "out/.git/config": "secret",
    "out/..odd.txt": "secret",
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(dir, name)), { recursive: true });
    await writeFile(path.join(dir, name), text);
  }
  const links = {
    public: "out",
    "out/away.txt": "../secret.txt",
    "out/up": "..",
    "out/root": "/",
    "out/beside": "../publicly",
    "out/hidden.txt": ".env",
    "out/within.txt": "page.txt",
    "out/gone.txt": "nothing",
    "out/loop.txt": "loop.txt",
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, path.join(dir, name));
  server = createServer((request, response) => {
    void sendFile(response, path.join(dir, "public"), request.url ?? "/").then((sent) => {
      if (!sent) response.writeHead(404).end("none");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  server.close();
  await rm(dir, { recursive: true, force: true });
});

const get = async (pathname: string): Promise<string> => (await fetch(`${url}${pathname}`)).text();

describe("the folder public", () => {
  it.each([
    ["/", "front"],
    ["/sub", "sub"],
    ["/sub/", "sub"],
    ["/page.txt", "page"],
    ["/sub/../page.txt", "page"],
    ["/within.txt", "page"],
  ])("serves %s", async (pathname, text) => {
    expect(await get(pathname)).toBe(text);
  });

  it.each([
    ["a link to a file outside", "/away.txt"],
    ["a folder outside behind a link", "/up/secret.txt"],
    ["the whole disk behind a link", `/root${tmpdir()}`],
    ["a folder whose name begins like its own", "/beside/secret.txt"],
    ["a hidden file", "/.env"],
    ["a hidden file, encoded", "/%2eenv"],
    ["a file in a hidden folder", "/.git/config"],
    ["a hidden file behind a link", "/hidden.txt"],
    ["a name that begins with two dots", "/..odd.txt"],
    ["a path that leads out, encoded", "/%2e%2e/secret.txt"],
    ["a path that leads out by one encoded name", "/..%2fsecret.txt"],
    ["a link to nothing", "/gone.txt"],
    ["a link to itself", "/loop.txt"],
    ["a name with a NUL", "/page.txt%00"],
  ])("does not serve %s", async (_, pathname) => {
    expect(await get(pathname)).toBe("none");
  });
});
