import type { Metafile } from "esbuild";

export declare const buildDir: string;

export declare function toModule(handler: string): string;

export declare function bundle(options: {
  readonly serviceDir: string;
  readonly handlers: readonly string[];
  readonly app?: string;
}): Promise<Metafile>;
