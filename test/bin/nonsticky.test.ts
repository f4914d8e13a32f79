import { spawnSync } from "node:child_process";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");

function nonsticky(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", "tsx", "bin/nonsticky.ts", ...args],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

it.each([[[]], [["--help"]], [["help"]]])("lists the commands when it is called with %j", (args) => {
  const { status, stdout } = nonsticky(...args);

  expect(status).toBe(0);
  expect(stdout).toMatch(/^nonsticky COMMAND \[options\]\n  dev +serves an app on this machine\n/);
});

it.each([["toString"], ["--version"], ["deploy"]])("refuses %s, and lists the commands", (name) => {
  const { status, stdout, stderr } = nonsticky(name, "--help");

  expect(status).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain(`expected a command, got ${name}\n\nnonsticky COMMAND`);
});

it("passes options on to the command", () => {
  expect(nonsticky("dev", "--help")).toMatchObject({
    status: 0,
    stdout: expect.stringContaining("--app FILE"),
  });
  expect(nonsticky("dev", "--color")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("Unknown option '--color'"),
  });
});
