import { describe, expect, it } from "vitest";
import { createConnectHandler } from "../../lib/aws/connect-handler.ts";
import { createLogger, sessionTag } from "../../lib/log.ts";
import { createMemoryMetrics } from "../support/memory-metrics.ts";
import { authorizerEvent } from "../aws/events.ts";
import { PollClient, request } from "../support/poll-client.ts";
import { createGate, Rig } from "../support/rig.ts";

type Answer = (...args: unknown[]) => void;

describe("connections", () => {
  it("are counted when they open, by transport, and when they close, by reason", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("go", () => socket.disconnect(true)));
    });
    const one = await rig.connect();
    const two = await rig.connect();
    await request(rig);

    await one.leave();
    await two.send('42["go"]');

    expect(rig.metrics.total("ConnectionsOpened", "websocket")).toBe(2);
    expect(rig.metrics.total("ConnectionsOpened", "polling")).toBe(1);
    expect(rig.metrics.total("ConnectionsClosed", "transport close")).toBe(1);
    expect(rig.metrics.total("ConnectionsClosed", "forced close")).toBe(1);
    expect(rig.metrics.total("ConnectionsClosed")).toBe(2);
  });

  it("are not counted as open when nobody was there any more for OPEN", async () => {
    const rig = new Rig(() => undefined);
    const client = await rig.admit();
    rig.transport.drop(client.connectionId);

    await rig.settle();
    await rig.advance(10_000);

    expect(rig.metrics.total("ConnectionsOpened")).toBe(0);
  });

  it("that are refused are counted by the code the client is told, on both ways in", async () => {
    const rig = new Rig(() => undefined, { allowRequest: (_, decide) => decide("no", false) });
    const metrics = createMemoryMetrics();
    const { app } = rig.instances[0]!;
    const logger = createLogger("silent");
    const authorize = createConnectHandler({ store: rig.store, clock: rig.clock, logger, metrics }, app);

    await authorize(authorizerEvent());
    await request(rig);
    await request(rig, { query: { transport: "carrier pigeon" } });

    expect(metrics.values("ConnectionsRefused", "4")).toEqual([1]);
    expect(rig.metrics.values("ConnectionsRefused", "4")).toEqual([1]);
    expect(rig.metrics.values("ConnectionsRefused", "0")).toEqual([1]);
  });
});

describe("turns", () => {
  it("are timed by kind, and packets are counted by type", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("slow", () => gate.passed));
    });
    const client = await rig.connect();

    await client.send('42["slow"]');
    await rig.advance(70);
    gate.open();
    await rig.settle();
    await client.send("41");

    expect(rig.metrics.values("TurnDuration", "event")).toEqual([70]);
    expect(rig.metrics.values("TurnDuration", "connect")).toHaveLength(1);
    expect(rig.metrics.values("PacketsReceived", "event")).toEqual([1]);
    expect(rig.metrics.values("PacketsReceived", "connect")).toEqual([1]);
    expect(rig.metrics.values("PacketsReceived", "disconnect")).toEqual([1]);
  });

  it("that still wait when their letter is released are counted", async () => {
    const gate = createGate();
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("slow", () => gate.passed));
    });
    const client = await rig.connect();

    await client.send('42["slow"]');
    await rig.advance(100);
    const waiting = rig.metrics.total("TurnsWaiting");
    gate.open();
    await rig.settle();

    expect(waiting).toBe(1);
    expect(rig.metrics.total("TurnsWaiting")).toBe(1);
  });

  it("of nothing but a sign of life count nothing at all", async () => {
    const rig = new Rig(() => undefined);
    const client = await rig.connect();
    const before = rig.metrics.total("TurnDuration") + rig.metrics.values("TurnDuration").length;

    await client.send("3");

    expect(rig.metrics.total("TurnDuration") + rig.metrics.values("TurnDuration").length).toBe(before);
    expect(rig.metrics.values("PacketsReceived")).toEqual([1]);
  });
});

describe("deliveries", () => {
  it("are counted by what became of them, and posts by how they were refused", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => socket.on("all", () => void io.emit("x")));
    });
    const [here, gone, slow] = [await rig.connect(), await rig.connect(), await rig.connect()];
    const before = rig.metrics.total("Deliveries", "delivered");
    rig.transport.drop(gone.connectionId);
    rig.transport.answer(slow.connectionId, ...Array.from({ length: 50 }, () => "busy" as const));

    await here.send('42["all"]');
    await rig.advance(10_000);

    expect(rig.metrics.total("Deliveries", "delivered") - before).toBe(1);
    expect(rig.metrics.total("Deliveries", "gone")).toBe(1);
    expect(rig.metrics.total("Deliveries", "dropped")).toBe(1);
    expect(rig.metrics.total("PostsRefused", "busy")).toBeGreaterThan(2);
    expect(rig.metrics.total("Warnings", "core.recipient_dropped")).toBe(1);
  });
});

describe("acknowledgements", () => {
  it("that are waited for are counted, and those that do not come", async () => {
    const rig = new Rig((io) => {
      io.on("connection", (socket) => {
        socket.on("ask", () => socket.timeout(1_000).emit("question", () => undefined));
      });
    });
    const client = await rig.connect();

    await client.send('42["ask"]');
    const [question = ""] = client.received;
    await client.send(`43${/^42(\d+)/.exec(question)?.[1]}["yes"]`);
    await rig.advance(1_500);
    await client.send('42["ask"]');
    await rig.advance(1_500);

    expect(rig.metrics.total("AcksAwaited")).toBe(2);
    expect(rig.metrics.total("AcksMissed")).toBe(1);
    expect(rig.metrics.total("PacketsReceived", "ack")).toBe(1);
  });
});

describe("recoveries", () => {
  it("are counted, those that succeed and those that do not", async () => {
    const rig = new Rig(() => undefined, {
      connectionStateRecovery: { maxDisconnectionDuration: 120_000, withoutEvents: true },
    });
    const client = await rig.open();
    await client.send("40");
    const { pid } = JSON.parse(client.received.at(-1)!.slice(2)) as { pid: string };
    await client.leave();

    const again = await rig.open();
    await again.send(`40{"pid":"${pid}"}`);
    const stranger = await rig.open();
    await stranger.send('40{"pid":"AAAAAAAAAAAAAAAAAAAA"}');

    expect(rig.metrics.values("Recoveries", "succeeded")).toEqual([1]);
    expect(rig.metrics.values("Recoveries", "refused")).toEqual([1]);
  });
});

describe("errors", () => {
  it("are counted by code, whatever of them is logged", async () => {
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("fail", () => {
            throw new Error("no");
          });
        });
      },
      { logger: createLogger("silent") },
    );
    const client = await rig.connect();

    await client.send('42["fail"]', '42["fail"]');

    expect(rig.metrics.total("Errors", "core.handler_failed")).toBe(2);
  });

  it("without a code are counted by the name of what was thrown", async () => {
    const rig = new Rig((io) => io.on("connection", (socket) => socket.on("join", () => socket.join("a"))));
    const client = await rig.connect();
    rig.store.joinRooms = () => Promise.reject(new TypeError("an outage"));

    await client.send('42["join"]');

    expect(rig.metrics.total("Errors", "TypeError")).toBe(1);
  });
});

describe("log lines of a turn", () => {
  const write = (lines: string[]) => createLogger("debug", (line) => lines.push(line));

  it("name the connection, the socket and the session, whose id itself is in none", async () => {
    const lines: string[] = [];
    const rig = new Rig(
      (io) => {
        io.of("/shop").on("connection", (socket) => {
          socket.on("buy", async (ack: Answer) => {
            await Promise.resolve();
            ack();
            throw new Error(`no stock for ${client.sid}`);
          });
        });
      },
      { logger: write(lines) },
    );
    const client = await rig.open();
    const socketId = await client.join("/shop");

    await client.send('42/shop,1["buy"]');

    const line = JSON.parse(lines.find((text) => text.includes("a handler failed"))!) as unknown;
    expect(line).toMatchObject({
      level: "error",
      code: "core.handler_failed",
      turn: 'event "buy"',
      nsp: "/shop",
      socketId,
      connectionId: client.connectionId,
      session: sessionTag(client.sid),
      error: `no stock for session:${sessionTag(client.sid)}`,
    });
    expect(lines.join()).not.toContain(client.sid);
  });

  it("of protocol 3, whose ids of sockets are those of sessions, hide them", async () => {
    const lines: string[] = [];
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.on("fail", () => {
            throw new Error("no");
          });
        });
      },
      { logger: write(lines), allowEIO3: true },
    );
    const client = await rig.open({ EIO: "3" });

    await client.send('42["fail"]');

    expect(lines.filter((line) => line.includes("core.handler_failed"))).toHaveLength(1);
    expect(lines.join()).not.toContain(client.sid);
  });

  it("hold nothing of what clients keep to themselves", async () => {
    const lines: string[] = [];
    const secret = "hunter2";
    const rig = new Rig(
      (io) => {
        io.use((socket, next) => next(socket.handshake.auth["token"] ? undefined : new Error("refused")));
        io.on("connection", (socket) => {
          socket.on("fail", () => {
            throw new Error("no");
          });
          socket.on("leave timers", () => void setTimeout(() => undefined, 1_000_000));
          socket.on("ask", () => socket.emit("question", () => undefined));
        });
      },
      { logger: write(lines) },
    );
    const client = await rig.open({ token: secret }, { cookie: `session=${secret}`, authorization: secret });

    await client.send(`40{"token":"${secret}"}`);
    await client.send(`42["fail","${secret}"]`, `42["leave timers","${secret}"]`, `42["ask","${secret}"]`);
    await rig.advance(20_000);
    await client.send(`42{"${secret}`, `7${secret}`);
    const poller = await PollClient.open(rig, { headers: { cookie: `session=${secret}` } });
    await poller.post(`4${secret}`);
    await rig.settle();

    const codes = lines.map((line) => (JSON.parse(line) as { code?: string }).code);
    expect(codes).toEqual(
      expect.arrayContaining(["core.handler_failed", "core.timer_outlived_turn", "core.ack_abandoned"]),
    );
    expect(lines.join()).not.toContain(secret);
  });

  it("are short, whatever a client has named its event", async () => {
    const lines: string[] = [];
    const rig = new Rig(
      (io) => {
        io.on("connection", (socket) => {
          socket.onAny(() => {
            throw new Error("no");
          });
        });
      },
      { logger: write(lines) },
    );
    const client = await rig.connect();

    await client.send(`42["${"x".repeat(20_000)}"]`);

    const line = JSON.parse(lines.find((text) => text.includes("a handler failed"))!) as { event: string };
    expect(line.event).toHaveLength(201);
  });
});
