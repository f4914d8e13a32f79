import path from "node:path";
import { serve } from "nonsticky/testing";
import { afterEach, describe, expect, it } from "vitest";
import { Clients } from "../testing/clients.ts";
import { apps } from "./apps.ts";
import { play, startOfficially } from "./playing.ts";

const folder = path.join(import.meta.dirname, "apps");
const clients = new Clients();
const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  clients.closeAll();
  for (const stop of stops.splice(0)) await stop();
});

const withVariables = Object.entries(apps).filter(([, { lost = [] }]) => lost.length > 0);

describe.each(withVariables)("%s, with --keep", (_, { file: name, steps, refused }) => {
  const file = path.join(folder, name);
  const options = { replace: ["socket.io"], keep: true, instances: 4, watch: true };

  if (refused !== undefined) {
    it("is refused, its variable named with its place", async () => {
      const pattern = refused.map((one) => one.replace(/ (keep\.\w+)$/, String.raw` \($1\): `)).join("|");

      await expect(serve(file, options)).rejects.toMatchObject({
        code: "testing.not_kept",
        message: expect.stringMatching(new RegExp(pattern)),
      });
    });
    return;
  }

  it("answers as the official server does, and the watch names nothing", async () => {
    const official = await startOfficially(file);
    stops.push(official.stop);
    const expected = await play(official.url, steps, clients);

    const server = await serve(file, options);
    const answers = await play(server.url, steps, clients);

    expect(answers).toEqual(expected);
    await server.close();
  });
});
