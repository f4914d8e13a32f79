import { spawnSync } from "node:child_process";

/** Processor time, user and system, in milliseconds: what else the machine does is not in it. */
export interface ImportTimes {
  readonly medianMs: number;
  readonly leastMs: number;
}

/** What the functions read while they are loaded. */
const environment = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  NONSTICKY_TABLE: "none",
  NONSTICKY_CALLBACK_URL: "https://localhost/none",
  NONSTICKY_MAILBOX_URL: "https://localhost/none.fifo",
  NONSTICKY_INBOX_FUNCTION: "none",
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
};

/**
 * What it takes to import each module in a process of its own, so many times by turns: of modules measured together,
 * whatever the machine does falls on all alike. Throws when one does not load.
 */
export function measureImports(files: readonly string[], rounds: number): Map<string, ImportTimes> {
  const times = new Map(files.map((file) => [file, [] as number[]]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [file, own] of times) own.push(importOnce(file));
  }
  return new Map(
    [...times].map(([file, own]) => {
      const sorted = own.toSorted((a, b) => a - b);
      return [file, { medianMs: sorted[sorted.length >> 1] ?? NaN, leastMs: sorted[0] ?? NaN }];
    }),
  );
}

function importOnce(file: string): number {
  const code =
    `const before = process.cpuUsage(); await import(${JSON.stringify(file)});` +
    "const { user, system } = process.cpuUsage(before); console.log((user + system) / 1000);" +
    // The clients keep nothing open yet, but an app might.
    "process.exit();";
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
    env: { PATH: process.env["PATH"] ?? "", NODE_OPTIONS: "--enable-source-maps", ...environment },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`expected ${file} to load, got ${stderr}`);
  return Number(stdout.trim().split("\n").at(-1));
}
