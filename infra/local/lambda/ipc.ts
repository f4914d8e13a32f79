import type { AppDescription } from "../../../lib/lambda.ts";

/** What goes over the channel between the runtime and an instance. Plain JSON, one invocation at a time. */
export interface Invocation {
  readonly type: "invoke";
  readonly requestId: string;
  readonly deadlineMs: number;
  readonly event: unknown;
}

export type InstanceMessage =
  /** `app`: of this package's own functions. */
  | { readonly type: "loaded"; readonly app: AppDescription | undefined }
  | { readonly type: "load-failed"; readonly message: string; readonly stack: string }
  | { readonly type: "result"; readonly requestId: string; readonly result: unknown }
  | {
      readonly type: "error";
      readonly requestId: string;
      readonly errorType: string;
      readonly message: string;
    };
