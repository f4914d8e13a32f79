import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { watchModuleTimers, type ModuleTimer } from "../../infra/watch/module-timers.ts";
import { beginTimers } from "./timer-apps.ts";

const before = globalThis.setInterval;
const started: NodeJS.Timeout[] = [];
let stop: (() => void) | undefined;

afterEach(() => {
  stop?.();
  for (const timer of started.splice(0)) clearInterval(timer);
  expect(globalThis.setInterval).toBe(before);
});

function timersOf(foreign: readonly string[] = []): ModuleTimer[] {
  const found: ModuleTimer[] = [];
  stop = watchModuleTimers(foreign, (timer) => found.push(timer));
  started.push(...beginTimers());
  return found;
}

it("names a setInterval of a module with its line and io.every, but none that is marked", () => {
  const file = path.join(import.meta.dirname, "timer-apps.ts");

  expect(timersOf()).toEqual([
    {
      file,
      line: 5,
      text:
        "test/watch/timer-apps.ts:5 setInterval while the app is loaded: each instance has one, and it stands still while " +
        "that sleeps, as it does between two packets. Use io.every(name, 5000, handler), which runs once in the whole deployment",
    },
    expect.objectContaining({
      line: 6,
      text: expect.stringContaining("io.every(name, 1000, handler)") as string,
    }),
  ]);
});

it("says nothing of code that is not the app's", () => {
  expect(timersOf([path.join(import.meta.dirname, "timer-")])).toEqual([]);
});

it("says nothing once the app has started, also to who has kept the function", () => {
  const found: ModuleTimer[] = [];
  stop = watchModuleTimers([], (timer) => found.push(timer));
  const kept = globalThis.setInterval;
  stop();

  started.push(kept(() => undefined, 10_000));

  expect(found).toEqual([]);
});

it("leaves setInterval what it is", () => {
  stop = watchModuleTimers([], () => undefined);

  expect(globalThis.setInterval).not.toBe(before);
  expect(globalThis.setInterval.name).toBe("setInterval");
});
