import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LocalRuntime } from "../../infra/local/local.ts";
import { compileEmitPolicy, COMPILE_TIMEOUT_MS } from "../infra/compile.ts";
import { allowedIn, readCalls } from "../infra/noted-calls.ts";
import { startOurs } from "../support/our-server.ts";
import { padMembers } from "../support/pad-members.ts";
import { eventually } from "../support/waiting.ts";
import { WireClient } from "../support/wire-client.ts";
import { Clients } from "../testing/clients.ts";
import type { ActName } from "./apps/every-emit.ts";

/** Whoever runs the whole suite may note calls, too: `NONSTICKY_CALLS`. These have a directory of their own. */
const outer = process.env["NONSTICKY_CALLS"];

describe.each(["fifo", "direct"] as const)("the policy of emitters in %s ordering", (ordering) => {
  const clients = new Clients();
  const programs: ChildProcess[] = [];
  let directory: string;
  let runtime: LocalRuntime;

  beforeAll(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "nonsticky-calls-"));
    process.env["NONSTICKY_CALLS"] = directory;
    const env = { NONSTICKY_RECOVERY: "60000" };
    runtime = await startOurs(import.meta.url, "./apps/emit-policy.ts", { ordering, env });
  });

  afterAll(async () => {
    for (const program of programs) program.disconnect();
    clients.closeAll();
    await runtime.idle();
    await runtime.stop();
    if (outer === undefined) delete process.env["NONSTICKY_CALLS"];
    else {
      process.env["NONSTICKY_CALLS"] = outer;
      await mkdir(outer, { recursive: true });
      for (const file of await readdir(directory)) {
        await cp(path.join(directory, file), path.join(outer, `${ordering}-${file}`));
      }
    }
    await rm(directory, { recursive: true, force: true });
  });

  /** A program with `recovery` set so, and how to let it act. */
  async function start(recovery: string): Promise<(act: ActName) => Promise<unknown>> {
    const program = fork(fileURLToPath(new URL("./apps/every-emit.ts", import.meta.url)), {
      execArgv: ["--import", "tsx", "--conditions=nonsticky-source"],
      env: { PATH: process.env["PATH"], ...runtime.outsideEnvironment, NONSTICKY_RECOVERY: recovery },
    });
    programs.push(program);
    await once(program, "message");
    return async (act) => {
      program.send(act);
      const [answer] = (await once(program, "message")) as [{ result?: unknown; error?: string }];
      expect(answer.error, act).toBeUndefined();
      return answer.result;
    };
  }

  /** A stock client in a room, which answers when it is asked. */
  async function enter(room: string, transports: readonly ("polling" | "websocket")[], upgraded = false) {
    const socket = clients.connect(runtime.url, { transports: [...transports], upgrade: upgraded });
    socket.on("ask", (answer: (name: string) => void) => answer(transports.join()));
    await socket.timeout(15_000).emitWithAck("enter", room);
    if (upgraded && socket.io.engine.transport.name !== "websocket") {
      await new Promise((resolve) => socket.io.engine.once("upgrade", resolve));
    }
  }

  /** One in a room whose row stays behind its connection, as where `$disconnect` was lost. */
  async function vanish(room: string): Promise<void> {
    const client = await WireClient.open(runtime.url, { connect: "40" });
    client.send(`421["enter","${room}"]`);
    await client.frame("431");
    runtime.gateway.suppressDisconnectEvents(true);
    client.hangUp();
    await eventually(
      () => runtime.gateway.connections().length === 1,
      () => "expected the gateway to notice that the client is gone",
    );
    runtime.gateway.suppressDisconnectEvents(false);
  }

  it(
    "allows every call that an emitter makes, and no call that none makes",
    async () => {
      const [withRecovery, without] = [await start("60000"), await start("off")];
      await enter("hall", ["websocket"]);
      await vanish("porch");
      // Its connection is gone: the row is deleted, and its session is told.
      await without("porch");
      await enter("hall", ["polling"]);
      // It was polling when it joined: the first emit finds it elsewhere, and puts the row right.
      await enter("hall", ["polling", "websocket"], true);
      await enter("porch", ["websocket"]);
      for (const act of [withRecovery, without]) {
        for (const name of ["emit", "event", "membership", "look"] as const) await act(name);
        expect(await act("server")).toEqual([2]);
        expect(await act("shared")).toEqual([3, 1]);
        expect((await act("ask")) as unknown[]).toHaveLength(4);
      }
      // More than a page of members: some are sent to by another function.
      for (let more = 0; more < 3; more++) await enter("hall", ["websocket"]);
      await padMembers(runtime, "hall");
      await without("emit");
      // It takes nothing for so long that it is given up on, and closed.
      runtime.gateway.throttlePosts(1);
      await without("porch");
      runtime.gateway.throttlePosts(0);
      await without("kick");

      const allowed = [...new Set(allowedIn(await compileEmitPolicy(ordering), "NonstickyEmitPolicy"))];
      const called = [...((await readCalls(directory)).get("emitter") ?? [])];
      expect(called.sort()).toEqual(allowed.sort());
    },
    COMPILE_TIMEOUT_MS,
  );
});
