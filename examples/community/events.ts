export interface Person {
  readonly userId: string;
  readonly name: string;
}

export interface Message {
  /** A client that comes back may get what it had last once more. */
  readonly id: string;
  readonly from: Person;
  readonly text: string;
}

export type Result = { readonly ok: true } | { readonly ok: false; readonly error: string };

export interface ClientToServer {
  say: (text: unknown, ack: (result: Result) => void) => void;
  whisper: (to: unknown, text: unknown, ack: (result: Result & { readonly read?: number }) => void) => void;
  typing: (isTyping: unknown) => void;
}

export interface ServerToClient {
  /** Everybody who is here, to a newcomer. */
  people: (people: readonly Person[]) => void;
  came: (person: Person) => void;
  went: (userId: string) => void;
  said: (message: Message) => void;
  /** Acknowledged by each of the receiver's tabs that shows it. */
  whispered: (message: Message & { readonly to: string }, ack?: (seen: boolean) => void) => void;
  typing: (userId: string, isTyping: boolean) => void;
}

/** What the server knows of a socket between its packets. */
export interface SocketData {
  userId: string;
  name: string;
}
