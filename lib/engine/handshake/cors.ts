import cors from "cors";
import type { ResolvedEngineOptions } from "../engine-options.ts";

/** What the server's `cors` option makes of a request, before anything else does. */
export type CorsVerdict =
  | { readonly outcome: "passed"; readonly headers: Readonly<Record<string, string>> }
  /** A preflight, and its answer. */
  | {
      readonly outcome: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** The app's own function has failed, which is how it refuses: its request is a bad one, over either transport. */
  | { readonly outcome: "refused" };

interface CorsRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** The rules are the `cors` package's, as in Engine.IO, which asks it before it looks at a request itself. */
export async function askCors(options: ResolvedEngineOptions, request: CorsRequest): Promise<CorsVerdict> {
  if (options.cors === undefined) return { outcome: "passed", headers: {} };
  const response = new CorsResponse();
  try {
    await new Promise<void>((resolve, reject) => {
      // Before the package is called: it may end the response before it returns.
      response.onEnd = resolve;
      // The package needs of a request its method and headers, and of a response what is below.
      cors(options.cors)(request, response, (error?: unknown) =>
        error ? reject(toError(error)) : resolve(),
      );
    });
  } catch {
    return { outcome: "refused" };
  }
  const headers = Object.fromEntries(response.headers);
  if (!response.isEnded) return { outcome: "passed", headers };
  return { outcome: "answered", status: response.statusCode, headers };
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

/** As much of `http.ServerResponse` as the `cors` package uses. */
class CorsResponse {
  statusCode = 200;
  isEnded = false;
  onEnd: () => void = () => undefined;
  readonly headers = new Map<string, string>();

  setHeader(name: string, value: string | readonly string[]): void {
    this.headers.set(name.toLowerCase(), typeof value === "string" ? value : value.join(", "));
  }

  getHeader(name: string): string | undefined {
    return this.headers.get(name.toLowerCase());
  }

  end(): void {
    this.isEnded = true;
    this.onEnd();
  }
}
