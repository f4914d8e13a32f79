export { Server } from "./socketio/server.ts";
export { Namespace } from "./socketio/server.ts";
export { ParentNamespace } from "./socketio/server.ts";
export { Socket } from "./socketio/server.ts";
export { BroadcastOperator } from "./socketio/rooms/broadcast-operator.ts";
export { RemoteSocket } from "./socketio/rooms/remote-socket.ts";
export { RoomAdapter } from "./socketio/rooms/room-adapter.ts";
export { SharedMap } from "./socketio/shared/shared-map.ts";
export { Timer } from "./socketio/timers/timer.ts";
export { createEngine } from "./engine/engine.ts";

export type { ServerOptions } from "./socketio/server-options.ts";
export type { EngineOptions, HandshakeRequest } from "./engine/engine-options.ts";
export type {
  AnswerHeaders,
  BareEngineOptions,
  ConnectionError,
  EngineApp,
  EngineSession,
} from "./engine/engine.ts";
export type { ExtendedError } from "./socketio/server.ts";
export type { Handshake } from "./socketio/rooms/socket-handshake.ts";
export type { SharedKeyRange, SharedSetOptions } from "./socketio/shared/shared-options.ts";
export type { EveryOptions } from "./socketio/timers/defined-timers.ts";
export type { TimerSetOptions } from "./socketio/timers/timer.ts";
export type { Event } from "./socketio/replay/replay-ports.ts";
export type { HandlerFailure } from "./socketio/replay/handler-failure.ts";
export type { DefaultEventsMap } from "./socketio/replay/typed-events.ts";
export type { DisconnectReason } from "./protocol/reasons.ts";

export { ConfigError, NonstickyError } from "./errors.ts";
export { CoreError } from "./engine/errors.ts";
export { ProtocolError } from "./protocol/errors.ts";
