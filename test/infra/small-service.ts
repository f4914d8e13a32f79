import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** A service with one function that answers what its app exports, and a library under the name of ours. */
export async function writeService(
  root: string,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const all = {
    "service/package.json": JSON.stringify({
      name: "nonsticky",
      type: "module",
      exports: {
        ".": { "nonsticky-source": "./lib/index.ts", default: "./dist/index.js" },
        "./lambda": { "nonsticky-source": "./lib/lambda.ts", default: "./dist/lambda.js" },
      },
      imports: { "#app": "./app.ts" },
    }),
    "service/lib/index.ts": `export class Server { readonly name = "source"; }`,
    "service/lib/lambda.ts": `export const place: string = "lambda";`,
    "service/lib/engine/hosted-app.ts": `export const hostProcess = (): void => {};`,
    "service/app.ts": `import { Server } from "nonsticky"; export const io = new Server();`,
    "service/functions/inbox.ts": `import { io } from "#app"; export const handler = (): unknown => io;`,
    ...files,
  };
  for (const [file, text] of Object.entries(all)) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
  return path.join(root, "service");
}
