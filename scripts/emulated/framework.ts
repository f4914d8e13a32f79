import { spawn } from "node:child_process";
import type { Emulator } from "./emulator.ts";

/** The framework of a project, unmodified, as somebody calls it: resolves to whether it succeeded. */
export function runFramework(emulator: Emulator, cwd: string, ...args: readonly string[]): Promise<boolean> {
  return runProgram(emulator.env, cwd, "npx", ["--no-install", "serverless", ...args]);
}

/** Prints what it says when it fails; `isLoud`, in any case. */
export async function runProgram(
  env: Readonly<Record<string, string>>,
  cwd: string,
  command: string,
  args: readonly string[],
  isLoud = false,
): Promise<boolean> {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
      if (isLoud) process.stdout.write(chunk);
    });
  }
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0 && !isLoud) console.error(output.slice(-3_000));
  return code === 0;
}
