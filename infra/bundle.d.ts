import type { Metafile } from "esbuild";

export declare const buildDir: string;

export declare function toModule(handler: string): string;

export declare function bundle(options: {
  readonly serviceDir: string;
  readonly handlers: readonly string[];
  readonly app?: string;
  readonly outdir?: string;
  readonly packageDir?: string;
  readonly onLambda?: boolean;
}): Promise<Metafile>;

export declare function copyClient(outdir: string): Promise<void>;
