import { SocketIoApp } from "./packets/socket-io-app.ts";
import { refuseMember } from "./refused-members.ts";

/** The layer below, as apps have it in `io.engine`: its events, and the members that need a server which listens. */
export class IoEngine extends SocketIoApp {
  /** Throws `core.no_server`: no instance knows how many clients there are. */
  get clientsCount(): never {
    return refuseMember(
      "core.no_server",
      "io.engine.clientsCount",
      "(await io.fetchSockets()).length counts sockets",
    );
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
