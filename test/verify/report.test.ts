import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Check, Finding } from "../../infra/verify/check.ts";
import { judge, notChecked, percentile, type Outcome } from "../../infra/verify/outcome.ts";
import { checks } from "../../infra/verify/checks.ts";
import { losses } from "../../infra/verify/losses.ts";
import { parseVerifyOptions, UsageError } from "../../infra/verify/options.ts";
import { describeFinding, exitCodeOf, summarise, toJson, writeReport } from "../../infra/verify/report.ts";

const check: Check = {
  id: "slash",
  title: "a slash at the end",
  assumption: "the API takes it",
  usedIn: ["infra/outputs.yml"],
  needs: [],
  run: () => Promise.resolve(notChecked("never run")),
};
const found = (outcome: Outcome): Finding => ({ check, outcome, tookMs: 1_234 });
const good = found(judge(true, "OPEN", { "p50 ms": 12 }));
const bad = found(judge(false, "HTTP 403"));
const open = found(notChecked("no --url"));

describe("the report", () => {
  it("says of each point what was expected, what came, and where it matters if it is different", () => {
    expect(describeFinding(good).split("\n")).toEqual([
      "as assumed   slash            a slash at the end",
      "             expected  the API takes it",
      "             came      OPEN",
      "             measured  p50 ms 12",
      "             took      1.2 s",
    ]);
    expect(describeFinding(bad)).toContain("\n             used in   infra/outputs.yml\n");
    expect(describeFinding(open)).toBe(
      "not checked  slash            a slash at the end\n             no --url\n" +
        "             at stake  stock clients with `path` do not connect without the edge",
    );
    expect(describeFinding(bad)).toContain("\n             at stake  stock clients");
  });

  it("knows of every check what is lost where it is different", () => {
    expect(Object.keys(losses).sort()).toEqual(checks.map(({ id }) => id).sort());
  });

  it("ends with the counts, and the names of what is different", () => {
    expect(summarise([good, bad, open])).toBe("1 as assumed, 1 different, 1 not checked\ndifferent: slash");
    expect(summarise([good])).toBe("1 as assumed, 0 different, 0 not checked");
  });

  it("is written also where the folder of its file is missing", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "nonsticky-verify-"));
    const file = path.join(folder, "of/no/one/verify.json");
    await writeReport(file, "wss://x/dev", [good]);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({
      url: "wss://x/dev",
      findings: [{ id: "slash" }],
    });
    await rm(folder, { recursive: true });
  });

  it("is there for programs as well", () => {
    expect(JSON.parse(toJson("wss://x/dev", [bad, open]))).toMatchObject({
      url: "wss://x/dev",
      findings: [
        { id: "slash", verdict: "DIFFERENT", came: "HTTP 403", usedIn: ["infra/outputs.yml"] },
        { id: "slash", verdict: "not checked", why: "no --url" },
      ],
    });
  });

  it("fails the program when something is different, or nothing was checked", () => {
    expect(exitCodeOf([good, open])).toBe(0);
    expect(exitCodeOf([good, bad])).toBe(1);
    expect(exitCodeOf([bad, open])).toBe(1);
    expect(exitCodeOf([open])).toBe(2);
  });
});

it("takes percentiles of what it is given, in any order", () => {
  expect(percentile([30, 10, 20.04], 0.5)).toBe(20);
  expect(percentile([30, 10, 20], 1)).toBe(30);
  expect(percentile([], 0.5)).toBe(0);
});

it("has one id for each check", () => {
  const ids = checks.map(({ id }) => id);

  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(20);
});

describe("the command line", () => {
  const url = "wss://abc.execute-api.eu-west-1.amazonaws.com/dev";

  it("has defaults for all but the URL, and takes the token from the environment", () => {
    expect(parseVerifyOptions(["--url", `${url}/`], { NONSTICKY_VERIFY_TOKEN: "secret" })).toMatchObject({
      url,
      path: "/socket.io",
      token: "secret",
      frames: 1000,
      waiters: 50,
      long: false,
      only: [],
    });
  });

  it("takes a token that begins with a dash", () => {
    expect(parseVerifyOptions(["--url", url, "--token", "-GEbNydHBshbm1Me", "--long"], {})).toMatchObject({
      token: "-GEbNydHBshbm1Me",
      long: true,
    });
  });

  it.each([
    { args: [], message: /^expected --url, got none/ },
    { args: ["--url", "https://x.example"], message: /^expected --url to be a URL of ws: or wss: / },
    {
      args: ["--url", url, "--poll-url", "x"],
      message: /^expected --poll-url to be a URL of http: or https: /,
    },
    {
      args: ["--url", url, "--frames", "0"],
      message: /^expected --frames to be a whole number from 1 to 10000/,
    },
    { args: ["--url", url, "--path", "io"], message: /^expected --path to begin with a slash/ },
    { args: ["--url", url, "--fast"], message: /^expected the options below, got: Unknown option '--fast'/ },
  ])("refuses $args", ({ args, message }) => {
    expect(() => parseVerifyOptions(args, {})).toThrow(UsageError);
    expect(() => parseVerifyOptions(args, {})).toThrow(message);
  });
});
