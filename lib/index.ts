export { Server } from "./core/server.ts";
export { Namespace } from "./core/namespace.ts";
export { ParentNamespace } from "./core/parent-namespace.ts";
export { Socket } from "./core/socket.ts";
export { BroadcastOperator } from "./core/broadcast-operator.ts";
export { RemoteSocket } from "./core/remote-socket.ts";
export { createEngine } from "./core/engine.ts";

export type { ServerOptions } from "./core/server-options.ts";
export type { EngineOptions, HandshakeRequest } from "./core/engine-options.ts";
export type { BareEngineOptions, EngineApp, EngineSession } from "./core/engine.ts";
export type { ExtendedError } from "./core/namespace.ts";
export type { Handshake } from "./core/socket-handshake.ts";
export type { Event } from "./core/socket-listeners.ts";
export type { HandlerFailure } from "./core/internals.ts";
export type { DefaultEventsMap } from "./core/typed-events.ts";
export type { DisconnectReason } from "./protocol/reasons.ts";

export { ConfigError, NonstickyError } from "./errors.ts";
export { CoreError } from "./core/errors.ts";
export { ProtocolError } from "./protocol/errors.ts";
