import { settings } from "./settings.ts";

/** For both servers: every option that shows in HTTP and leaves the other rows alone. */
export const httpSettings = {
  ...settings,
  upgradeTimeout: 1_500,
  cookie: true,
  allowRequest: (
    { headers }: { readonly headers: Readonly<Record<string, unknown>> },
    callback: (error: string | null | undefined, success: boolean) => void,
  ): void => callback(headers["x-refuse"] === "mute" ? null : "not today", headers["x-refuse"] === undefined),
};

/** Another pair of servers: with CORS an OPTIONS is a preflight, not a bad handshake. */
export const corsSettings = {
  ...settings,
  cors: {
    credentials: true,
    origin: (
      origin: string | undefined,
      callback: (error: Error | null, allowed?: string[]) => void,
    ): void => {
      if (origin === "https://unknown.example") callback(new Error("no such tenant"));
      else callback(null, ["https://here.example"]);
    },
  },
};
