import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { findStore, noteStore, type RunMiddleware } from "../../../lib/socketio/replay/session-store.ts";

type Middleware = (request: object, response: object, next: () => void) => unknown;

interface SessionLibrary {
  (options: object): Middleware;
  readonly Store: new () => object;
}

const session = createRequire(import.meta.url)("express-session") as SessionLibrary;

class SharedStore extends session.Store {
  readonly rows = new Map<string, unknown>();
  get(id: string, done: (error: unknown, row?: unknown) => void) {
    done(null, this.rows.get(id));
  }
  set(id: string, row: unknown, done: () => void) {
    this.rows.set(id, JSON.parse(JSON.stringify(row)));
    done();
  }
  destroy(id: string, done: () => void) {
    this.rows.delete(id);
    done();
  }
}

const asEngine: RunMiddleware = (run, request, response, next) => run(request, response, next);

const open = (store?: SharedStore): Middleware =>
  session({ secret: "s", resave: false, saveUninitialized: true, store });

describe("the store of a session", () => {
  it("is found by a middleware that this instance has not seen at work, without a session being saved", async () => {
    const store = new SharedStore();
    const found = await findStore(open(store), asEngine);

    expect(found.store).toBe(store);
    expect(store.rows.size).toBe(0);
  });

  it("makes a session of the library out of its data, which saves under its id", async () => {
    const store = new SharedStore();
    const { toSession } = await findStore(open(store), asEngine);
    const { current } = toSession({ id: "one", data: { cookie: { originalMaxAge: null }, user: "ada" } });

    (current as { save(): void }).save();

    expect([...store.rows]).toEqual([
      ["one", { cookie: expect.objectContaining({ path: "/" }), user: "ada" }],
    ]);
  });

  it("is waited for where the middleware asks something first, and is asked for once", async () => {
    const store = new SharedStore();
    let runs = 0;
    const late: Middleware = async (...args) => {
      runs += 1;
      await sleep(1);
      return open(store)(...args);
    };

    expect((await findStore(late, asEngine)).store).toBe(store);
    expect((await findStore(late, asEngine)).store).toBe(store);
    expect(runs).toBe(1);
  });

  it("is known of a middleware that has run here", async () => {
    const store = new SharedStore();
    const silent: Middleware = () => expect.unreachable();
    noteStore(silent, store);

    expect((await findStore(silent, asEngine)).store).toBe(store);
  });

  it.each<[string, Middleware | undefined]>([
    ["calls next without one", (_, __, next) => next()],
    [
      "throws",
      () => {
        throw new Error("expected a user");
      },
    ],
    ["rejects", () => Promise.reject(new Error("expected a user"))],
    ["is not there", undefined],
  ])("is unknown where the middleware %s", async (_, middleware) => {
    await expect(findStore(middleware, asEngine)).rejects.toMatchObject({
      code: "core.session_store_unknown",
    });
  });

  it("is refused where it is the memory of one process", async () => {
    await expect(findStore(open(), asEngine)).rejects.toMatchObject({ code: "core.session_in_memory" });
  });
});
