import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { bundle } from "../../infra/bundle.ts";

const made: string[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** The files of a bundle by their names; maps too. */
async function bundleOf(app: string, keep: boolean) {
  const folder = await mkdtemp(path.join(tmpdir(), "nonsticky-keep-"));
  made.push(folder);
  const { kept } = await bundle({
    serviceDir: path.resolve("."),
    handlers: ["functions/inbox.handler"],
    app: path.join("test/migrating/apps", app),
    replace: ["socket.io"],
    outdir: path.join(folder, "out"),
    keep,
    onLambda: true,
  });
  const names = await readdir(path.join(folder, "out/functions"));
  const files = names.map(
    async (name) => [name, await readFile(path.join(folder, "out/functions", name), "utf8")] as const,
  );
  return { kept, files: new Map(await Promise.all(files)) };
}

it.each(["clean-chat/server.js", "clean-cache/server.mjs"])(
  "the bundle of %s, which keeps nothing, is the same byte for byte with --keep",
  async (app) => {
    const [without, with_] = [await bundleOf(app, false), await bundleOf(app, true)];

    expect([...with_.files.keys()]).toEqual([...without.files.keys()]);
    for (const [name, text] of with_.files) expect(text === without.files.get(name), name).toBe(true);
    expect(with_.kept).toMatchObject({ kept: [], left: [] });
  },
);

it("the bundle of an app with variables has what keeps them, and without --keep nothing of it", async () => {
  const [without, with_] = [
    await bundleOf("user-count/server.js", false),
    await bundleOf("user-count/server.js", true),
  ];
  const textOf = ({ files }: typeof with_) => files.get("inbox.cjs") ?? "";

  expect(textOf(with_)).toContain("server.js:numUsers");
  expect(textOf(without)).not.toContain("server.js:numUsers");
  expect(textOf(without)).not.toContain("liveVariable");
  expect(with_.kept?.kept.map(({ name, scope, writers }) => [name, scope, writers])).toEqual([
    ["numUsers", "app", 2],
    ["addedUser", "socket", 1],
  ]);
});
