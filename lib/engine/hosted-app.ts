import { AsyncLocalStorage } from "node:async_hooks";
import http from "node:http";
import https from "node:https";
import { Server as NetServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../errors.ts";
import type { EngineApp } from "./engine.ts";

/** How long an app may take from the end of its module to its `listen`: ten seconds, while something is pending. */
const LOOK_EVERY_MS = 25;
const MAX_LOOKS = 400;
/** What is pending in a process that does other things as well, such as tests, says little. */
const LEAST_LOOKS = 20;

/**
 * An app as it is loaded by one of our runtimes: the servers that it makes are noted, and what it lets listen does
 * nothing but say so, since the gateway listens.
 */
export class HostedApp {
  /** Every `Server` that was made, in that order. */
  readonly made: EngineApp[] = [];
  /** Says, where nothing was made, what may have taken its place; undefined: nothing that is known. */
  suspect: (() => string | undefined) | undefined;
  /** What the layer above keeps of values that all its instances share; it knows the type. */
  live: object | undefined;
  /** What was pending before the app was loaded: the runtime's own sockets. */
  readonly #resources = process.getActiveResourcesInfo().length;

  /** The one server that was made, once it is as it will be: an app may bind its handlers until it listens. */
  get readyApp(): EngineApp | undefined {
    const [first, ...others] = this.made;
    if (first === undefined || others.length > 0) return undefined;
    const { httpServer } = first;
    return httpServer === undefined || httpServer.listening ? first : undefined;
  }

  /**
   * Resolves with the one server of an app that exports none, as soon as that listens, or as nothing is left that the app
   * could be waiting for. Throws `config.no_app`, `config.several_apps`.
   */
  async find(): Promise<EngineApp> {
    for (let looks = 0; this.readyApp === undefined && this.#isStarting(looks); looks += 1) {
      await sleep(LOOK_EVERY_MS);
    }
    const [first, ...others] = this.made;
    if (first === undefined) {
      throw new ConfigError(
        "config.no_app",
        "expected the app to make a `new Server()`, or its module to export `io` or `engine`, got neither" +
          (this.suspect === undefined ? HINT : (this.suspect() ?? "")),
      );
    }
    if (others.length === 0) return first;
    throw new ConfigError(
      "config.several_apps",
      `expected the app to make one Server, or its module to export which of them is served as \`io\`, got ${this.made.length} without an export`,
    );
  }

  /** Whether the app may still wait for something: a connection to its database, a timer. */
  #isStarting(looks: number): boolean {
    if (this.made.length > 1 || looks > MAX_LOOKS) return false;
    return looks < LEAST_LOOKS || process.getActiveResourcesInfo().length > this.#resources;
  }
}

const HINT =
  '; a Server of socket.io\'s is one where that is replaced: --replace socket.io, elsewhere the option replace: ["socket.io"]';

const scope = new AsyncLocalStorage<HostedApp>();
let ofProcess: HostedApp | undefined;

/** The app that is being loaded here; undefined where it runs by itself, as in a script. */
export const currentHost = (): HostedApp | undefined => scope.getStore() ?? ofProcess;

/** From now on whatever this process loads is one app. */
export function hostProcess(): HostedApp {
  patchListen();
  return (ofProcess ??= new HostedApp());
}

/** What `load` imports is one app, also what that begins and what goes on later; anything else in the process is not. */
export async function hostWithin(
  load: (host: HostedApp) => Promise<unknown>,
): Promise<[module: unknown, HostedApp]> {
  patchListen();
  const host = new HostedApp();
  return [await scope.run(host, load, host), host];
}

let isPatched = false;

/** Frameworks call `listen` of servers that no `Server` has been given yet: `const server = app.listen(3000)`. */
function patchListen(): void {
  if (isPatched) return;
  isPatched = true;
  const listen = NetServer.prototype.listen as (...args: unknown[]) => NetServer;
  for (const { prototype } of [http.Server, https.Server]) {
    Object.defineProperty(prototype, "listen", {
      configurable: true,
      writable: true,
      value: function (this: NetServer, ...args: unknown[]): NetServer {
        if (currentHost() === undefined) return Reflect.apply(listen, this, args);
        return pretendToListen(this, args);
      },
    });
  }
}

/** A server that calls back, and tells its address, as if it listened. It has one port less than it believes. */
export function pretendToListen(server: NetServer, args: readonly unknown[]): NetServer {
  const [first] = args;
  const asked = typeof first === "object" && first !== null ? (first as { port?: unknown }).port : first;
  const port = Number(asked) || 0;
  const callback = args.findLast((arg) => typeof arg === "function");
  const define = (name: string, value: unknown) =>
    Object.defineProperty(server, name, { value, configurable: true, writable: true });
  define("listening", true);
  define("address", () => (server.listening ? { address: "127.0.0.1", family: "IPv4", port } : null));
  define("close", (done?: () => void) => {
    define("listening", false);
    process.nextTick(() => {
      server.emit("close");
      done?.();
    });
    return server;
  });
  if (callback !== undefined) server.once("listening", callback as () => void);
  process.nextTick(() => server.emit("listening"));
  return server;
}
