import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const role = "arn:aws:sts::123456789012:assumed-role/Operator/ada";
const table = "arn:aws:dynamodb:eu-central-1:123456789012:table/chat-prod";

describe("nonsticky sessions without the permission to look", () => {
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume();
      const action = String(request.headers["x-amz-target"]).replace(/^DynamoDB_20120810\./, "dynamodb:");
      response.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
      response.end(
        JSON.stringify({
          __type: "com.amazon.coral.service#AccessDeniedException",
          Message: `User: ${role} is not authorized to perform: ${action} on resource: ${table} because no identity-based policy allows the ${action} action`,
        }),
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });

  afterAll(() => server.close());

  it.each([
    ["all", [], "dynamodb:Query"],
    ["those of a room", ["--room", "lobby"], "dynamodb:Query"],
    ["one by its id", ["--id", "AAAAAAAAAAAAAAAAAAAA"], "dynamodb:Query"],
  ])("says in one line which action is missing, asked for %s", async (_, args, action) => {
    const { port } = server.address() as AddressInfo;
    const options = ["--table", "chat-prod", "--region", "eu-central-1"];
    const child = spawn(
      process.execPath,
      [
        ...["--import", "tsx", "--conditions=nonsticky-source", "bin/nonsticky.ts", "sessions"],
        ...[...options, "--endpoint-url", `http://127.0.0.1:${port}`, ...args],
      ],
      {
        cwd: root,
        env: {
          PATH: process.env["PATH"],
          AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
          AWS_SECRET_ACCESS_KEY: "example",
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);

    expect(out).toBe("");
    expect(err).toMatch(/^aws\.access_denied: [^\n]+\n$/);
    expect(err).toContain(`expected table chat-prod (eu-central-1) to take ${action}, got`);
    expect(err).toContain(`${role} is not authorized to perform: ${action} on resource: ${table}`);
    expect(child.exitCode).toBe(2);
  });
});
