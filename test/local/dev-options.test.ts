import { describe, expect, it } from "vitest";
import { parseDevOptions } from "../../infra/local/dev-options.ts";
import { LocalError } from "../../infra/local/local-error.ts";

describe("the dev command's options", () => {
  it("default to the app of package.json on port 3000, two watched instances that take turns", () => {
    expect(parseDevOptions([], "chat.ts")).toEqual({
      app: "chat.ts",
      port: 3000,
      instances: 2,
      watch: true,
    });
  });

  it("are all understood", () => {
    const text =
      "--app a.ts --port 0 --path /live/ --instances 2 --max-instances 4 --anti-affinity --chaos 0.5 --freeze --cold-start-ms 10-20 --ordering direct --keep --no-watch --allow-host Chat.example --allow-host a.test";

    expect(parseDevOptions(text.split(" "), "chat.ts")).toEqual({
      app: "a.ts",
      port: 0,
      path: "/live/",
      instances: 2,
      maxInstances: 4,
      antiAffinity: true,
      chaos: 0.5,
      freeze: true,
      coldStartMs: [10, 20],
      ordering: "direct",
      keep: true,
      watch: false,
      allowedHosts: ["chat.example", "a.test"],
    });
  });

  it("begin no more processes than there may be", () => {
    expect(parseDevOptions(["--max-instances", "1"], "chat.ts")).toMatchObject({ instances: 1 });
  });

  it.each([
    ["--port x", "expected --port to be a whole number from 0 to 65535, got x"],
    ["--port 65536", "expected --port to be a whole number from 0 to 65535, got 65536"],
    ["--instances 0", "expected --instances to be a whole number from 1 to 64, got 0"],
    ["--instances 4 --max-instances 2", "expected --max-instances to be at least --instances, got 2 and 4"],
    ["--chaos 2", "expected --chaos to be a probability from 0 to 1, got 2"],
    ["--chaos x", "expected --chaos to be a probability from 0 to 1, got x"],
    [
      "--cold-start-ms 20-10",
      "expected --cold-start-ms to be two numbers of milliseconds like 100-400, got 20-10",
    ],
    ["--ordering random", "expected --ordering to be fifo or direct, got random"],
    ["--path socket.io", "expected --path to begin with a slash, like /socket.io, got socket.io"],
    ["--path /", "expected --path to begin with a slash, like /socket.io, got /"],
    ["--allow-host *", "expected --allow-host to be a host name, like chat.example, got *"],
    ["--colour", "Unknown option '--colour'"],
    ["chat.ts", "Unexpected argument 'chat.ts'"],
    ["--port", "Option '--port <value>' argument missing"],
  ])("say what was expected and what came: %s", (text, message) => {
    const parse = () => parseDevOptions(text.split(" "), "chat.ts");

    expect(parse).toThrow(LocalError);
    expect(parse).toThrow(message);
  });
});
