import type { Scenario } from "../scenario.ts";
import { scenarios } from "./index.ts";

/** Titles of what only a WebSocket can be held to. */
const exceptions: ReadonlySet<string> = new Set([
  // Heard by those alone whose GET happens to wait, on either server.
  "volatile events reach clients that keep up",
]);

/** What is played again by clients that begin with polling. */
export const pollable: readonly Scenario[] = scenarios.filter(({ title }) => !exceptions.has(title));
