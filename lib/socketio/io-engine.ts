import type { Server as HttpServer } from "node:http";
import { described } from "../described.ts";
import { CoreError } from "../engine/errors.ts";
import type { EngineMiddleware } from "../engine/handshake/engine-middlewares.ts";
import { currentContext } from "../engine/turn.ts";
import { SocketIoApp } from "./packets/socket-io-app.ts";
import { refuseListening, refuseMember } from "./unsupported-members.ts";

/** The layer below, as apps have it in `io.engine`: its events, and the members that need a server which listens. */
export class IoEngine extends SocketIoApp {
  /** @internal */
  httpServer: HttpServer | undefined;
  /** @internal */
  readonly middlewares: EngineMiddleware[] = [];

  /** Throws `core.no_server`: no instance knows how many clients there are. */
  get clientsCount(): never {
    return refuseMember(
      "core.no_server",
      "io.engine.clientsCount",
      "(await io.fetchSockets()).length counts sockets",
    );
  }

  /** Throws `core.no_server`: no instance has the clients. */
  get clients(): never {
    return refuseMember("core.no_server", "io.engine.clients", "ask io.fetchSockets() for the sockets");
  }

  /** Throws `core.no_server`: requests come by the gateway. */
  handleRequest(): never {
    return refuseListening("io.engine.handleRequest()");
  }

  /** Throws `core.no_server`. */
  handleUpgrade(): never {
    return refuseListening("io.engine.handleUpgrade()");
  }

  /** Throws `core.no_server`. */
  attach(): never {
    return refuseListening("io.engine.attach()");
  }

  /** Throws `core.no_server`. */
  close(): never {
    return refuseMember("core.no_server", "io.engine.close()", "io.close() ends every session");
  }

  /** Throws `core.no_server`, also when set: sessions are found by what is in their ids. */
  get generateId(): never {
    return refuseMember("core.no_server", "io.engine.generateId", "ids say when and how their session began");
  }

  set generateId(_: unknown) {
    refuseMember("core.no_server", "io.engine.generateId", "ids say when and how their session began");
  }

  /**
   * A middleware of Express, run over each request of a polling client and each WebSocket's before anything else looks at
   * it. What it puts on the request, as far as JSON holds it, is on `socket.request` in every handler. Where the app's
   * module is loaded. Throws `core.not_a_listener`, `core.registration_in_handler`.
   */
  use(middleware: EngineMiddleware): void {
    if (typeof middleware !== "function") {
      throw new CoreError(
        "core.not_a_listener",
        `expected a middleware of io.engine to be a function, got ${described(middleware)}`,
      );
    }
    const turn = currentContext()?.turn;
    if (turn !== undefined) {
      throw new CoreError(
        "core.registration_in_handler",
        `expected middlewares of io.engine where the app's module is loaded, got one inside ${turn.label}`,
        { evidence: { turn: turn.label } },
      );
    }
    this.middlewares.push(middleware);
  }
}
