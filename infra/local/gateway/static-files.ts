import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import path from "node:path";
import { pipeline } from "node:stream";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".ico": "image/x-icon",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/**
 * Sends a file below `root`; `index.html` for a directory. False when there is none, when it really lies elsewhere,
 * whatever links lead to it, or when it is hidden: `.env`, or anything below a `.git`.
 */
export async function sendFile(response: ServerResponse, root: string, pathname: string): Promise<boolean> {
  const relative = decode(pathname);
  if (relative === undefined || relative.includes("\0")) return false;
  const asked = path.join(root, path.posix.normalize(`/${relative}`));
  return (
    (await sendExisting(response, root, asked)) ||
    sendExisting(response, root, path.join(asked, "index.html"))
  );
}

async function sendExisting(response: ServerResponse, root: string, asked: string): Promise<boolean> {
  const file = await findInside(root, asked);
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  if (file === undefined || found?.isFile() !== true) return false;
  response.writeHead(200, {
    "content-type": types[path.extname(asked)] ?? "application/octet-stream",
    "content-length": found.size,
    "cache-control": "no-cache",
  });
  pipeline(createReadStream(file), response, () => {});
  return true;
}

/** The file that a path leads to, links followed, if that is below `root` by every name it has on the way. */
async function findInside(root: string, asked: string): Promise<string | undefined> {
  if (!isInside(root, asked)) return undefined;
  const real = async (name: string) => realpath(name).catch(() => undefined);
  const [realRoot, file] = await Promise.all([real(root), real(asked)]);
  if (realRoot === undefined || file === undefined) return undefined;
  return isInside(realRoot, file) ? file : undefined;
}

function isInside(root: string, file: string): boolean {
  const relative = path.relative(root, file);
  if (path.isAbsolute(relative)) return false;
  // `..` begins with a dot like everything that is hidden.
  return relative.split(path.sep).every((name) => !name.startsWith("."));
}

function decode(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
