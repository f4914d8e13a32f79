import type { Server as HttpServer } from "node:http";
import { SocketIoApp } from "./packets/socket-io-app.ts";
import { refuseListening, refuseMember } from "./unsupported-members.ts";

/** The layer below, as apps have it in `io.engine`: its events, and the members that need a server which listens. */
export class IoEngine extends SocketIoApp {
  /** @internal */
  httpServer: HttpServer | undefined;

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

  /** Throws `core.no_server`: there is no Node request to run a middleware on. */
  use(): never {
    return refuseMember("core.no_server", "io.engine.use()", "let the option allowRequest decide");
  }
}
