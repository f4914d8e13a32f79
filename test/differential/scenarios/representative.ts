import type { Scenario } from "../scenario.ts";
import { scenarios } from "./index.ts";

/** Of everything some, for where each one takes its time. */
const titles: readonly string[] = [
  "auth reaches the handshake, as an object or from a function",
  "the handshake of a client stays the same in its handlers",
  "a middleware refuses with a message and data",
  "namespaces share a connection and nothing else",
  "every JSON type survives both ways",
  "large payloads below the limits arrive whole",
  "events of one client are handled in order",
  "what one handler emits arrives in the order it was emitted, whatever the target",
  "data is kept from event to event",
  "an acknowledgement from a callback after the handler returned",
  "many acknowledgements under way at once find their senders",
  "bytes travel to the server and back",
  "bytes are broadcast to clients with and without base64",
  "a union of rooms reaches each member once",
  "a broadcast reaches everyone else",
  "socketsJoin and socketsLeave move sockets",
  "disconnectSockets with close ends the connection",
  "a client comes back to a namespace it left",
  "the server disconnects a client with all its namespaces",
  "a client reconnects by itself after its connection was cut",
  "a handler registers another one, with what its event brought",
  "once that registers handlers does so once",
  "a socket middleware may answer in the handler's place",
  "a broken packet is an error event on every socket of the connection",
];

export const representative: readonly Scenario[] = titles.map((title) => {
  const scenario = scenarios.find((one) => one.title === title);
  if (scenario === undefined) throw new Error(`expected a scenario named ${JSON.stringify(title)}`);
  return scenario;
});
