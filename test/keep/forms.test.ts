import { once } from "node:events";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { transformSync } from "esbuild";
import { serve } from "nonsticky/testing";
import type { Server as OfficialServer } from "socket.io";
import { afterEach, describe, expect, it } from "vitest";
import { keepVariables } from "../../infra/keep/keep.ts";
import { toLines } from "../../infra/keep/report.ts";
import { appOf } from "../doctor/app-files.ts";
import { Clients } from "../testing/clients.ts";
import { rows, type Row } from "./rows.ts";

const head = `const io = require("socket.io")(require("http").createServer()); module.exports = { io };\n`;
const clients = new Clients();
afterEach(() => clients.closeAll());

const write = ({ files }: Row): string =>
  appOf(
    Object.fromEntries(
      Object.entries(files).map(([name, text]) => [name, name === "server.js" ? head + text : text]),
    ),
  );

async function play(url: string, { asks }: Row): Promise<readonly unknown[]> {
  const sockets = { ada: clients.connect(url), bob: clients.connect(url) };
  const answers: unknown[] = [];
  for (const [client, event, ...args] of asks) {
    const answer: unknown = await sockets[client].timeout(3_000).emitWithAck(event, ...args);
    answers.push(answer ?? "none");
  }
  clients.closeAll();
  return answers;
}

/** As it is, in this process; TypeScript, where no type is left. */
async function startOfficially(file: string): Promise<{ url: string; close: () => Promise<void> }> {
  symlinkSync(path.resolve("node_modules"), path.join(path.dirname(file), "node_modules"));
  const isTyped = file.endsWith(".ts");
  if (isTyped)
    writeFileSync(
      file.replace(/ts$/, "mjs"),
      transformSync(readFileSync(file, "utf8"), { loader: "ts" }).code,
    );
  const { io } = (
    file.endsWith(".js")
      ? createRequire(file)(file)
      : await import(/* @vite-ignore */ pathToFileURL(file.replace(/\.ts$/, ".mjs")).href)
  ) as { io: OfficialServer };
  if (!io.httpServer.listening) await once(io.httpServer.listen(0), "listening");
  return {
    url: `http://127.0.0.1:${(io.httpServer.address() as AddressInfo).port}`,
    close: () => io.close(),
  };
}

describe.each(Object.entries(rows))("%s", (_, row) => {
  it("is kept, and named with its place", () => {
    const file = write(row);

    const { kept, left } = keepVariables(file);

    expect(toLines({ kept, left }, path.dirname(file)).toSorted()).toEqual([...row.kept].toSorted());
  });

  it("has officially, in one process, the answers of the table", async () => {
    const { url, close } = await startOfficially(write(row));

    expect(await play(url, row)).toEqual(row.answers);
    await close();
  });

  it("has on three instances what it has in a process, and the watch names none of it", async () => {
    const file = write(row);

    const server = await serve(file, { replace: ["socket.io"], keep: true, instances: 3, watch: true });
    expect(await play(server.url, row)).toEqual(row.answers);
    await server.close();
  });
});
