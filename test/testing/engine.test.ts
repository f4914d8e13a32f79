import { createEngine } from "nonsticky";
import { serve } from "nonsticky/testing";
import { describe, expect, it } from "vitest";
import { startOfficial } from "../support/official-server.ts";
import { WireClient } from "../support/wire-client.ts";

interface Greeter {
  readonly url: string;
  readonly heard: string[];
  stop(): Promise<void>;
}

/** Engine.IO servers that greet, and write down what they hear. */
const servers: readonly { readonly title: string; start(): Promise<Greeter> }[] = [
  {
    title: "engine.io",
    async start() {
      const heard: string[] = [];
      const { url, stop } = await startOfficial(({ engine }) => {
        engine.on("initial_headers", (headers: Record<string, string>) => {
          heard.push("initial_headers");
          headers["x-first"] = "yes";
        });
        engine.on("headers", (headers: Record<string, string>) => {
          heard.push("headers");
          headers["x-every"] = "yes";
        });
        engine.on("connection", (session) => {
          heard.push("connection");
          session.send("welcome");
          session.on("close", (reason: string) => heard.push(`close ${reason}`));
        });
      });
      return { url, heard, stop };
    },
  },
  {
    title: "nonsticky",
    async start() {
      const heard: string[] = [];
      const engine = createEngine({
        onInitialHeaders: (headers) => {
          heard.push("initial_headers");
          headers["x-first"] = "yes";
        },
        onHeaders: (headers) => {
          heard.push("headers");
          headers["x-every"] = "yes";
        },
        onConnection: (session) => {
          heard.push("connection");
          session.send("welcome");
        },
        onMessage: () => undefined,
        onClose: (_, reason) => heard.push(`close ${reason}`),
      });
      const server = await serve(engine);
      return { url: server.url, heard, stop: () => server.close() };
    },
  },
];

describe.each(servers)("an Engine.IO server that greets, by $title", ({ start }) => {
  it("speaks first over WebSocket", async () => {
    const { url, stop } = await start();

    const client = await WireClient.open(url);

    expect(await client.frame("4")).toBe("4welcome");
    expect(client.frames).toHaveLength(2);
    client.hangUp();
    await stop();
  });

  it("speaks first by polling, with headers of its own, and hears the session end", async () => {
    const { url, heard, stop } = await start();
    const address = `${url}/socket.io/?EIO=4&transport=polling`;

    const open = await fetch(address);
    const sid = /"sid":"([^"]+)"/.exec(await open.text())![1]!;
    const polled = await fetch(`${address}&sid=${sid}`);
    const greeting = await polled.text();
    const next = fetch(`${address}&sid=${sid}`).then((answer) => answer.text());
    await fetch(`${address}&sid=${sid}`, { method: "POST", body: "1" });
    const last = await next;

    expect(greeting).toBe("4welcome");
    expect(last).toBe("6");
    expect(own(open)).toEqual({ first: "yes", every: "yes" });
    expect(own(polled)).toEqual({ first: null, every: "yes" });
    await expect.poll(() => heard).toContain("close transport close");
    expect(heard.filter((name) => name !== "headers").toSorted()).toEqual([
      "close transport close",
      "connection",
      "initial_headers",
    ]);
    await stop();
  });
});

const own = ({ headers }: Response) => ({ first: headers.get("x-first"), every: headers.get("x-every") });
