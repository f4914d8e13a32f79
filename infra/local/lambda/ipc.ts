import type { AppDescription } from "../../../lib/lambda.ts";
import type { PacketRun } from "../inspector/inspector-events.ts";

/** What goes over the channel between the runtime and an instance. Plain JSON, one invocation at a time. */
export interface Invocation {
  readonly type: "invoke";
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly event: unknown;
  /** Somebody watches: what its packets take is told, and its requests and lines are marked. */
  readonly traced?: true;
}

export type InstanceMessage =
  /** `app`: of this package's own functions. */
  | { readonly type: "loaded"; readonly app: AppDescription | undefined }
  | { readonly type: "load-failed"; readonly message: string; readonly stack: string }
  | { readonly type: "packets"; readonly requestId: string; readonly runs: readonly PacketRun[] }
  | { readonly type: "result"; readonly requestId: string; readonly result: unknown }
  | {
      readonly type: "error";
      readonly requestId: string;
      readonly errorType: string;
      readonly message: string;
    };
