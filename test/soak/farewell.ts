import { WireClient } from "../support/wire-client.ts";

/** What the app reports when a socket ends. */
export interface Farewell {
  readonly handler: "disconnecting" | "disconnect";
  readonly reason: string;
  readonly nsp: string;
  readonly who: string;
  readonly rooms: readonly string[];
  readonly atMs: number;
}

export interface Guest {
  readonly client: WireClient;
  readonly sid: string;
}

/** A client that is in both namespaces and all their rooms. */
export async function enter(url: string, who: string): Promise<Guest> {
  const client = await WireClient.open(url);
  const sid = (JSON.parse(client.frames[0]?.slice(1) ?? "{}") as { sid: string }).sid;
  client.send(`40{"who":"${who}"}`, `40/side,{"who":"${who}"}`);
  await client.frame('42["ready"]');
  await client.frame('42/side,["ready"]');
  return { client, sid };
}
