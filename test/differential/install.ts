import type { Server } from "socket.io";
import type { Scenario } from "./scenario.ts";

export const nspOf = (scenario: Scenario): string => `/${scenario.title.replaceAll(/[^A-Za-z0-9]+/g, "-")}`;

/** Registers every scenario's app on one server, of whichever make. */
export function installApps(io: Server, scenarios: readonly Scenario[]): void {
  for (const scenario of scenarios) {
    const name = nspOf(scenario);
    scenario.app({ io, name, nsp: io.of(name), of: (suffix) => io.of(`${name}/${suffix}`) });
  }
}
