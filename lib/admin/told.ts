import type { Observed } from "../socketio/rooms/observer.ts";
import { fromState, WATCH_ROOM } from "./serialized-socket.ts";
import type { ServerEvents } from "./page-events.ts";

/** One event for the page. `short`: with less in it, where the whole is more than a post may hold. */
export type Told = {
  [Name in keyof ServerEvents]: {
    readonly event: Name;
    readonly args: Parameters<ServerEvents[Name]>;
    readonly short?: Parameters<ServerEvents[Name]>;
  };
}[keyof ServerEvents];

/** What the page hears of it, in Socket.IO's order. Of the admin namespace no events, as there. */
export function toTold(what: Observed, adminNamespace: string, at: Date): readonly Told[] {
  switch (what.kind) {
    case "connected": {
      const socket = fromState(what.session, what.state);
      const { id, nsp, rooms } = socket;
      return [
        ...rooms.map((room): Told => ({ event: "room_joined", args: [nsp, room, id, at] })),
        { event: "socket_connected", args: [socket, at], short: [{ ...socket, data: {} }, at] },
      ];
    }
    case "disconnected": {
      const { nsp, socketId, reason } = what;
      const rooms = what.rooms.filter((room) => room !== WATCH_ROOM);
      return [
        { event: "socket_disconnected", args: [nsp, socketId, reason, at] },
        ...rooms.map((room): Told => ({ event: "room_left", args: [nsp, room, socketId, at] })),
      ];
    }
    case "joined":
      return [{ event: "room_joined", args: [what.nsp, what.room, what.socketId, at] }];
    case "left":
      return [{ event: "room_left", args: [what.nsp, what.room, what.socketId, at] }];
    case "received":
    case "sent": {
      const { kind, nsp, socketId, args } = what;
      if (nsp === adminNamespace) return [];
      const event = kind === "received" ? "event_received" : "event_sent";
      return [{ event, args: [nsp, socketId, args, at], short: [nsp, socketId, args.slice(0, 1), at] }];
    }
    case "upgraded":
      return what.states.map(({ id, nsp }) => ({
        event: "socket_updated",
        args: [{ id, nsp, transport: "websocket" }],
      }));
    case "data": {
      const { id, nsp, data } = what.state;
      return [{ event: "socket_updated", args: [{ id, nsp, data: data.view }], short: [{ id, nsp }] }];
    }
    case "message":
    case "closed":
      return [];
    default:
      return what satisfies never;
  }
}
