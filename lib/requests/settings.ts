import type { Credentials } from "./signature.ts";

/** Where requests go, and in whose name. Each rejects as the SDK does where nothing says which. */
export interface Settings {
  region(): Promise<string>;
  /** The URL of a service. */
  endpoint(service: EndpointService): Promise<string>;
  /** Renewed before they expire; at once where they do not expire. */
  credentials(): Credentials | Promise<Credentials>;
}

/** Whose endpoint is not in every request anyway. */
export type EndpointService = "dynamodb" | "lambda";
