import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { io as connect, type Socket } from "socket.io-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { readCalls } from "../infra/noted-calls.ts";
import { startOurs } from "../support/our-server.ts";
import { eventually } from "../support/waiting.ts";

const root = path.resolve(import.meta.dirname, "../..");

describe.each(["fifo", "direct"] as const)("nonsticky sessions in %s ordering", (ordering) => {
  let runtime: LocalRuntime;
  let calls: string;
  const clients: Socket[] = [];

  beforeAll(async () => {
    calls = await mkdtemp(path.join(tmpdir(), "nonsticky-calls-"));
    process.env["NONSTICKY_CALLS"] = calls;
    runtime = await startOurs(import.meta.url, "./apps/room-chat.ts", { ordering });
  });

  afterAll(async () => {
    delete process.env["NONSTICKY_CALLS"];
    for (const client of clients) client.close();
    await runtime.stop();
    await rm(calls, { recursive: true, force: true });
  });

  async function sessions(args: readonly string[], env: Readonly<Record<string, string | undefined>> = {}) {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=nonsticky-source", "bin/nonsticky.ts", "sessions", ...args],
      {
        cwd: root,
        env: {
          PATH: process.env["PATH"],
          ...runtime.outsideEnvironment,
          AWS_EC2_METADATA_DISABLED: "true",
          ...env,
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
    return { out, err, code: child.exitCode };
  }

  const join = async (transports: string[]): Promise<Socket> => {
    const client = connect(runtime.url, { transports, upgrade: false, forceNew: true, reconnection: false });
    clients.push(client);
    await new Promise<void>((resolve) => client.once("connect", resolve));
    return client;
  };

  it("lists, shows and ends, with the calls that its policy allows and no other", async () => {
    const [one, two] = [await join(["websocket"]), await join(["polling"])];
    await eventually(
      async () => (await sessions(["--json"])).out.split("\n").length === 3,
      () => "expected the heartbeat to have walked, and both to be listed",
    );
    const listed = await sessions(["--transport", "polling"]);
    expect(listed).toMatchObject({ code: 0, err: "1 session\n" });
    expect(listed.out).toMatch(
      /^SESSION +AGE +TRANSPORT +ADDRESS +SOCKETS\n[\w-]{20} .* polling .* \/ \(\d rooms?\)\n$/,
    );
    expect((await sessions(["--id", one.id!, "--show"])).out).toContain(`socket     ${one.id} of /`);

    const unasked = await sessions(["--id", one.id!, "--end"]);
    expect(unasked).toMatchObject({
      code: 2,
      err: expect.stringContaining("expected --yes where there is no terminal"),
    });
    expect(one.connected).toBe(true);

    const ended = new Promise((resolve) => one.once("disconnect", resolve));
    expect(await sessions(["--id", one.id!, "--end", "--yes"])).toMatchObject({
      code: 0,
      err: "1 session\n1 session ended\n",
    });
    expect(await ended).toBe("io server disconnect");
    expect(two.connected).toBe(true);

    await runtime.idle();
    const made = [...((await readCalls(calls)).get("emitter") ?? [])].sort();
    expect(made).toEqual((await allowedIn(ordering)).sort());
  });

  if (ordering === "direct") {
    // The table names the queue by its URL, with the host in it: there nobody else can answer.
    it("ends nobody without the permission, and says which one is missing", async () => {
      const action = "lambda:InvokeFunction";
      const client = await join(["websocket"]);
      const denying = createServer((request, response) => {
        request.resume();
        const message = `User: ada is not authorized to perform: ${action}`;
        response.writeHead(403, {
          "content-type": "application/x-amz-json-1.0",
          "x-amzn-errortype": "AccessDeniedException",
        });
        response.end(JSON.stringify({ __type: "AccessDeniedException", message, Message: message }));
      });
      denying.listen(0, "127.0.0.1");
      await once(denying, "listening");
      const url = `http://127.0.0.1:${(denying.address() as AddressInfo).port}`;
      const { err, code } = await sessions(["--id", client.id!, "--end", "--yes"], {
        AWS_ENDPOINT_URL_LAMBDA: url,
      });
      denying.close();

      expect(err).toMatch(/^1 session\naws\.access_denied: [^\n]+\n$/);
      expect(err).toContain(`is not authorized to perform: ${action}`);
      expect(code).toBe(2);
      expect(client.connected).toBe(true);
    });
    return;
  }

  it.each([
    ["a table that is not there", ["--table", "nowhere"], {}, /^aws\.table_missing: .*nowhere/],
    ["no credentials", [], { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" }, /^aws\.bad_credentials: /],
    [
      "no region",
      [],
      { AWS_REGION: undefined, AWS_CONFIG_FILE: "/dev/null" },
      /^expected --region, AWS_REGION or a profile with a region, got none\n$/,
    ],
    ["nobody there", [], { AWS_ENDPOINT_URL_DYNAMODB: "http://127.0.0.1:1" }, /^aws\.unreachable: /],
  ])("says what is wrong with %s", async (_, args, env, message) => {
    const { code, err, out } = await sessions(args, env);
    expect(out).toBe("");
    expect(err).toMatch(message);
    expect(err).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  });
});

/** What the page's policies allow for one ordering. */
async function allowedIn(ordering: string): Promise<string[]> {
  const page = await readFile(path.join(root, "docs/sessions.md"), "utf8");
  const [json = "{}"] = /```json\n([\s\S]*?)```/.exec(page)?.slice(1) ?? [];
  const { Statement } = JSON.parse(json) as { Statement: { Sid: string; Action: string[] }[] };
  const other = ordering === "fifo" ? "EndInDirectOrdering" : "EndInFifoOrdering";
  return Statement.filter(({ Sid }) => Sid !== other).flatMap(({ Action }) => Action);
}
