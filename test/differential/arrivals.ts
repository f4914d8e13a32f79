import type { ClientOptions } from "./scenario.ts";

/** How a stock client comes to a server. */
export interface Arrival {
  readonly title: string;
  readonly options: Pick<ClientOptions, "transports" | "upgrade">;
}

export const overWebSocket: Arrival = { title: "a WebSocket alone", options: { transports: ["websocket"] } };

/** What a client does that is told nothing. */
export const byDefault: Arrival = {
  title: "default options",
  options: { transports: ["polling", "websocket"] },
};

export const pollingOnly: Arrival = {
  title: "polling only",
  options: { transports: ["polling", "websocket"], upgrade: false },
};
