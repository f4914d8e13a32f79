import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import { ExitWatch } from "../../lib/aws/exit-watch.ts";
import { createGate } from "../support/rig.ts";
import { createLogger } from "../../lib/log.ts";

function build() {
  const process = new EventEmitter() as EventEmitter & Pick<NodeJS.Process, "once">;
  const told: string[] = [];
  const logger = createLogger("info", (line) => told.push((JSON.parse(line) as { code: string }).code));
  const watch = new ExitWatch(logger, process, () => told.push("written"));
  return { watch, told, exit: (code: number) => process.emit("exit", code) };
}

it("tells of a process that ends while an invocation runs, and writes what it has counted", async () => {
  const { watch, told, exit } = build();
  const gate = createGate<string>();
  const run = watch.run(() => gate.passed);

  exit(0);

  expect(told).toEqual(["core.process_ended", "written"]);
  gate.open("answer");
  expect(await run).toBe("answer");
});

it("says nothing of one that ends between invocations, however they ended", async () => {
  const { watch, told, exit } = build();
  await watch.run(() => Promise.resolve());
  await expect(watch.run(() => Promise.reject(new Error("expected")))).rejects.toThrow("expected");

  exit(0);

  expect(told).toEqual([]);
});
