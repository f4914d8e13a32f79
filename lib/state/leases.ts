import type { Sid } from "../ids.ts";

/** One writer at a time to a session's connection, for packets of several frames. */
export interface LeaseStore {
  /** IF nobody else holds it at `nowMs`. Still true for its holder. Rows expire with their session. */
  takeLease(lease: LeaseRequest): Promise<boolean>;
  /** IF it is that holder's. */
  endLease(sid: Sid, holder: string): Promise<boolean>;
}

export interface LeaseRequest {
  readonly sid: Sid;
  readonly holder: string;
  readonly nowMs: number;
  readonly untilMs: number;
}
