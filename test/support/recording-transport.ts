import type { PostOutcome, Transport } from "../../lib/engine/transport.ts";
import type { ConnectionId } from "../../lib/ids.ts";

export interface Post {
  readonly connectionId: ConnectionId;
  readonly frame: string;
  readonly outcome: PostOutcome;
}

type Answer = PostOutcome | Promise<PostOutcome>;

/** The gateway's way back to the clients: keeps what was posted, and answers as it was told to. */
export class RecordingTransport implements Transport {
  /** In the order of the answers. */
  readonly posts: Post[] = [];
  readonly closed: ConnectionId[] = [];
  /** Told of every connection that the server ends, once. */
  onClose: (connectionId: ConnectionId) => void = () => undefined;
  readonly #answers = new Map<ConnectionId, Answer[]>();
  readonly #gone = new Set<ConnectionId>();

  /** The next posts to this connection are answered like this; those after them are sent. */
  answer(connectionId: ConnectionId, ...answers: Answer[]): void {
    this.#answers.set(connectionId, [...(this.#answers.get(connectionId) ?? []), ...answers]);
  }

  /** From now on there is no such connection, and nobody was told. */
  drop(connectionId: ConnectionId): void {
    this.#gone.add(connectionId);
  }

  async post(connectionId: ConnectionId, frame: string): Promise<PostOutcome> {
    const answer = this.#gone.has(connectionId) ? "gone" : this.#answers.get(connectionId)?.shift();
    const outcome = (await answer) ?? "sent";
    this.posts.push({ connectionId, frame, outcome });
    return outcome;
  }

  close(connectionId: ConnectionId): Promise<"closed" | "gone"> {
    if (this.#gone.has(connectionId)) return Promise.resolve("gone");
    this.#gone.add(connectionId);
    this.closed.push(connectionId);
    this.onClose(connectionId);
    return Promise.resolve("closed");
  }

  /** What this client has received. */
  framesTo(connectionId: ConnectionId): string[] {
    return this.posts
      .filter((post) => post.connectionId === connectionId && post.outcome === "sent")
      .map((post) => post.frame);
  }
}
