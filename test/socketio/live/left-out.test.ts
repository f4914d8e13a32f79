import { build } from "esbuild";
import { expect, it } from "vitest";

/** What an app takes with it that imports these, of the files of live values. */
async function filesOf(...imports: readonly string[]): Promise<string[]> {
  const { metafile } = await build({
    stdin: {
      contents: `${imports.map((one) => `import "${one}";`).join("\n")} export { Server } from "nonsticky";`,
      resolveDir: process.cwd(),
    },
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "bundle",
    conditions: ["nonsticky-source", "module"],
    logLevel: "silent",
  });
  const [output] = Object.values(metafile.outputs);
  const used = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return used.map(([file]) => file).filter((file) => file.startsWith("lib/socketio/live/"));
}

it("an app that does not import nonsticky/live has nothing of live values but where they would be put", async () => {
  expect(await filesOf()).toEqual(["lib/socketio/live/live-port.ts"]);
  expect(await filesOf("nonsticky/live")).toContain("lib/socketio/live/live-values.ts");
});
