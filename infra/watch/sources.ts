import { existsSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { FunctionLocation, Script } from "./function-scopes.ts";

/** A place in a file as it was written. `line` counts from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** Where scripts come from, bundled and compiled ones too. */
export class Sources {
  readonly #maps = new Map<Script, MappedScript | undefined>();
  readonly #lines = new Map<string, readonly string[]>();
  /** Beginnings of paths whose code is not the app's. */
  readonly #foreign: readonly string[];

  constructor(foreign: readonly string[]) {
    this.#foreign = foreign;
  }

  placeOf({ script, line, column }: FunctionLocation): Place | undefined {
    const map = this.#mapOf(script);
    if (map === undefined) {
      const file = toFile(script.url);
      return file === undefined ? undefined : { file, line: line + 1 };
    }
    const entry = map.map.findEntry(line, column);
    if (!("originalSource" in entry) || typeof entry.originalSource !== "string") return undefined;
    const file = resolveSource(entry.originalSource, map.base);
    return file === undefined ? undefined : { file, line: entry.originalLine + 1 };
  }

  /** Of the app: neither of a package, nor of Node, nor of this one. */
  isOwn(file: string): boolean {
    return !/[\\/]node_modules[\\/]/.test(file) && !this.#foreign.some((folder) => file.startsWith(folder));
  }

  /** Of a package that the app uses. */
  isOfPackage(file: string): boolean {
    return /[\\/]node_modules[\\/]/.test(file) && !this.#foreign.some((folder) => file.startsWith(folder));
  }

  /** The files that a script was made of; itself, where it is as it was written. */
  filesOf(script: Script): readonly string[] {
    const map = this.#mapOf(script);
    const found =
      map === undefined ? [toFile(script.url)] : map.sources.map((source) => resolveSource(source, map.base));
    return found.filter((file) => file !== undefined).filter((file) => this.isOwn(file));
  }

  linesOf(file: string): readonly string[] {
    const known = this.#lines.get(file);
    if (known) return known;
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
    this.#lines.set(file, lines);
    return lines;
  }

  #mapOf(script: Script): MappedScript | undefined {
    if (!this.#maps.has(script)) this.#maps.set(script, readMap(script));
    return this.#maps.get(script);
  }
}

interface MappedScript {
  readonly map: SourceMap;
  readonly sources: readonly string[];
  /** What sources are relative to. */
  readonly base: string;
}

type Payload = ConstructorParameters<typeof SourceMap>[0];

function readMap({ url, sourceMapUrl }: Script): MappedScript | undefined {
  if (sourceMapUrl === "") return undefined;
  try {
    const [, inline] = /^data:application\/json[^,]*base64,(.*)$/s.exec(sourceMapUrl) ?? [];
    const own = toFile(url) ?? "";
    const mapFile = path.resolve(path.dirname(own), decodeURIComponent(sourceMapUrl));
    const text =
      inline === undefined ? readFileSync(mapFile, "utf8") : Buffer.from(inline, "base64").toString();
    const payload = JSON.parse(text) as Payload;
    const base = path.dirname(inline === undefined ? mapFile : own);
    return {
      map: new SourceMap(payload),
      sources: payload.sources,
      base: path.resolve(base, payload.sourceRoot ?? ""),
    };
  } catch {
    // A map that is not there, or is none: lines are those of the script.
    return undefined;
  }
}

function resolveSource(source: string, base: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]+:/i.test(source)) return toFile(source);
  return path.resolve(base, source);
}

function toFile(url: string): string | undefined {
  if (url.startsWith("file:")) return fileURLToPath(url.replace(/[?#].*$/, ""));
  return path.isAbsolute(url) ? url : undefined;
}
