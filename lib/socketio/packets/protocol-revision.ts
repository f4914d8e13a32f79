import {
  createSocketId,
  toSocketId,
  type EngineProtocol,
  type Pid,
  type Sid,
  type SocketId,
} from "../../ids.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import type { Packet } from "../../protocol/packet.ts";
import type { Refusal } from "./middleware.ts";

/** How clients of Socket.IO 2, and those of all later versions, join a namespace. */
export interface Revision {
  /** A client's packet with its namespace, and in a CONNECT what the client shows. @throws {ProtocolError} */
  read(packet: Packet): Packet;
  createSocketId(sid: Sid, nsp: string): SocketId;
  /** What the client is told of its socket. */
  toWelcome(socketId: SocketId, pid: Pid | undefined): Record<string, unknown> | undefined;
  /** Whether a client can come back to its state. */
  readonly canRecover: boolean;
  /** What the client is told when a middleware refuses it. */
  toConnectError(refusal: Refusal): unknown;
}

const later: Revision = {
  read: (packet) => packet,
  createSocketId,
  toWelcome: (sid, pid) => ({ sid, ...(pid === undefined ? {} : { pid }) }),
  canRecover: true,
  toConnectError: (refusal) => refusal,
};

/**
 * The client knows its socket's id already: it is made of the session's. Without a payload in CONNECT, what it shows
 * is a query behind the namespace's name, which the official server reads as a URL, percent signs and all.
 */
const version2: Revision = {
  read(packet) {
    const { pathname, searchParams } = toUrl(packet.nsp);
    if (packet.type !== "connect") return { ...packet, nsp: pathname };
    return { ...packet, nsp: pathname, auth: Object.fromEntries(searchParams) };
  },
  createSocketId: (sid, nsp) => toSocketId(nsp === "/" ? sid : `${nsp}#${sid}`),
  toWelcome: () => undefined,
  canRecover: false,
  toConnectError: ({ message, data }) => data || message,
};

export const revisions: Readonly<Record<EngineProtocol, Revision>> = { 3: version2, 4: later };

function toUrl(nsp: string): URL {
  try {
    return new URL(nsp, "https://socket.io");
  } catch (cause) {
    throw new ProtocolError(
      "protocol.bad_packet",
      "expected the path of a URL as namespace, got another text",
      {
        evidence: { characters: nsp.length },
        cause,
      },
    );
  }
}
