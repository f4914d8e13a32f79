/** The client of Socket.IO 2, as far as tests use it. Its package has no types. */
declare module "socket.io-client-v2" {
  export interface Version2Options {
    readonly transports?: readonly ("polling" | "websocket")[];
    /** Bytes go out as text over a WebSocket, too. */
    readonly forceBase64?: boolean;
    readonly forceNew?: boolean;
    readonly reconnection?: boolean;
    readonly query?: Readonly<Record<string, string>>;
  }

  export interface Version2Manager {
    readonly engine: { readonly id: string; readonly transport: { readonly name: string } };
    socket(nsp: string, options?: { readonly query?: string }): Version2Socket;
  }

  export interface Version2Socket {
    readonly id: string;
    readonly io: Version2Manager;
    on(event: string, listener: (...args: unknown[]) => void): this;
    once(event: string, listener: (...args: unknown[]) => void): this;
    emit(event: string, ...args: unknown[]): this;
    disconnect(): this;
    open(): this;
  }

  export default function io(url: string, options?: Version2Options): Version2Socket;
}
