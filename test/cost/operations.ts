import {
  operationNames,
  type OperationCalls,
  type OperationName,
  type Operations,
} from "../../infra/cost/operations.ts";

const nothing: OperationCalls = {
  ...{ reads: 0, writes: 0, posts: 0, sends: 0, invokes: 0 },
  ...{ readUnits: 0, writeUnits: 0 },
};

const pinged = {
  "ping, beyond the sweep's own requests": { posts: 1 },
  "keep-alive, beyond the sweep's own requests": { posts: 1 },
};

/** Operations that ask for nothing, but for the posts of the heartbeat, and those that are given. */
export function createOperations(
  given: Partial<Record<OperationName, Partial<OperationCalls>>> = {},
): Operations {
  return Object.fromEntries(
    operationNames.map((name) => [name, { ...nothing, ...(pinged as typeof given)[name], ...given[name] }]),
  ) as unknown as Operations;
}
