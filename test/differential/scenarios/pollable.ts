import type { Scenario } from "../scenario.ts";
import { scenarios } from "./index.ts";

/**
 * What is played again by clients that begin with polling: of everything some. Not those that speak in frames, which
 * are of a WebSocket, nor volatile events, which only a client hears whose GET happens to wait.
 */
const titles: readonly string[] = [
  "auth reaches the handshake, as an object or from a function",
  "the handshake tells query, headers and address",
  "the handshake of a client stays the same in its handlers",
  "a middleware refuses with a message and data",
  "an unknown namespace is refused and the connection lives",
  "namespaces share a connection and nothing else",
  "every JSON type survives both ways",
  "text in any script survives",
  "large payloads below the limits arrive whole",
  "events of one client are handled in order",
  "what one handler emits arrives in the order it was emitted, whatever the target",
  "data is kept from event to event",
  "an acknowledgement carries any arguments",
  "an acknowledgement from a callback after the handler returned",
  "many acknowledgements under way at once find their senders",
  "bytes travel to the server and back",
  "acknowledgements carry bytes both ways",
  "bytes are broadcast to clients with and without base64",
  "text and bytes keep their order",
  "a union of rooms reaches each member once",
  "a broadcast reaches everyone else",
  "a member that left hears nothing more",
  "socketsJoin and socketsLeave move sockets",
  "disconnectSockets with close ends the connection",
  "a client leaves its namespace",
  "a client comes back to a namespace it left",
  "a client closes its connection",
  "the server disconnects a socket from its namespace",
  "the server disconnects a client with all its namespaces",
  "the server closes the connection below Socket.IO",
  "a client reconnects by itself after its connection was cut",
];

export const pollable: readonly Scenario[] = titles.map((title) => {
  const scenario = scenarios.find((one) => one.title === title);
  if (scenario === undefined) throw new Error(`expected a scenario named ${JSON.stringify(title)}`);
  return scenario;
});
