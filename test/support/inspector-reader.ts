import http from "node:http";
import type { InspectorEvent } from "../../infra/local/inspector/inspector-events.ts";

/** Reads the stream of the inspector as its page does, without what is kept from before. */
export class InspectorReader {
  readonly events: InspectorEvent[] = [];
  /** What was said before the first event. */
  hello: Readonly<Record<string, unknown>> = {};
  /** Everything as it came. */
  text = "";
  #request: http.ClientRequest | undefined;

  /** Resolves when the stream has said hello; rejects with the status of a refusal. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<InspectorReader> {
    const reader = new InspectorReader();
    await new Promise<void>((resolve, reject) => {
      reader.#request = http.get(`${url}/__nonsticky/events`, { headers, agent: false }, (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          return reject(new Error(`status ${response.statusCode}`));
        }
        let rest = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          reader.text += chunk;
          const messages = (rest + chunk).split("\n\n");
          rest = messages.pop() ?? "";
          for (const message of messages) if (reader.#take(message)) resolve();
        });
        response.on("error", () => undefined);
      });
      reader.#request.on("error", reject);
    });
    return reader;
  }

  of<Type extends InspectorEvent["type"]>(type: Type): Extract<InspectorEvent, { type: Type }>[] {
    return this.events.filter(
      (event): event is Extract<InspectorEvent, { type: Type }> => event.type === type,
    );
  }

  close(): void {
    this.#request?.destroy();
  }

  /** True for `hello`. */
  #take(message: string): boolean {
    const [, kind = "message"] = /^event: (.*)$/m.exec(message) ?? [];
    const [, data] = /^data: (.*)$/m.exec(message) ?? [];
    if (data === undefined) return false;
    const value: unknown = JSON.parse(data);
    if (kind === "message")
      this.events.push(...(value as InspectorEvent[]).filter(({ n }) => n > Number(this.hello["told"])));
    if (kind === "hello") this.hello = value as Record<string, unknown>;
    return kind === "hello";
  }
}
