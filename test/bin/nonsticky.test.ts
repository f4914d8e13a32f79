import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
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

it.each([["-v"], ["cost", "--version"]])("tells its version for %s %s", (...args) => {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    version: string;
  };

  expect(nonsticky(...args.filter((arg) => arg !== undefined))).toEqual({
    status: 0,
    stdout: `${version}\n`,
    stderr: "",
  });
});

it.each([["toString"], ["deploy"]])("refuses %s, and lists the commands", (name) => {
  const { status, stdout, stderr } = nonsticky(name, "--help");

  expect(status).toBe(2);
  expect(stdout).toBe("");
  expect(stderr).toContain(`expected a command, got ${name}\n\nnonsticky COMMAND`);
});

it.each([
  ["dev", "--app FILE"],
  ["verify", "--poll-url URL"],
  ["doctor", "--fix"],
  ["sessions", "--table"],
  ["cost", "--connections N"],
])("%s lists its options, and ends with 2 where it does not know one", (command, option) => {
  const asking = command === "dev" ? ["help", command] : [command, command === "cost" ? "--help" : "-h"];

  expect(nonsticky(...asking)).toMatchObject({
    status: 0,
    stdout: expect.stringContaining(option) as string,
  });
  expect(nonsticky(command, "--colour")).toMatchObject({
    status: 2,
    stdout: "",
    stderr: expect.stringContaining("Unknown option '--colour'") as string,
  });
});
