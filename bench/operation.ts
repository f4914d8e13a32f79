import type { Calls } from "./counting-aws.ts";
import type { Client } from "./handler-client.ts";

/** What one operation was seen to do: requests, and what the table's are billed as. */
export type Counted = Budgeted & Pick<Calls, "readUnits" | "writeUnits">;

export type Budgeted = Pick<Calls, "reads" | "writes" | "posts" | "sends" | "invokes">;

export interface Operation<Who = Client> {
  readonly operation: string;
  readonly budget: Partial<Budgeted>;
  /** Brings about the state before; not counted. */
  readonly prepare: () => Promise<Who>;
  readonly act: (client: Who) => Promise<unknown>;
}
