import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { hashInputs } from "../../infra/local/lambda/bundle-inputs.ts";

it("bundles are made anew when a package.json says otherwise what kind of modules an app is, a nearer one too", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "nonsticky-inputs-"));
  try {
    const app = path.join(folder, "src/app/server.js");
    await mkdir(path.dirname(app), { recursive: true });
    await writeFile(path.join(folder, "package.json"), `{ "type": "module" }`);
    const first = await hashInputs(app, [], false);
    const again = await hashInputs(app, [], false);
    await writeFile(path.join(folder, "package.json"), `{ "type": "commonjs" }`);
    const changed = await hashInputs(app, [], false);
    await writeFile(path.join(folder, "src/package.json"), `{ "type": "module" }`);
    const nearer = await hashInputs(app, [], false);

    expect(again).toEqual(first);
    expect(changed).not.toEqual(first);
    expect(nearer).not.toEqual(changed);
    const [unset] = Object.entries(first).filter(([file]) => file.endsWith("src/package.json"));
    expect(unset?.[1]).toBe("absent");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
