import { toCause } from "../gateway/connection.ts";
import type { Stack } from "../stack.ts";
import { sidOf } from "./told.ts";

/**
 * Does once what a request asks for: `kill` an instance by its pid, `drop` the network of a connection, `expire` it as
 * API Gateway does after two hours, `repeat` a frame of a session as if its client had sent it again. Resolves with what
 * is wrong with the request, or undefined.
 */
export async function act(stack: Stack, value: unknown): Promise<string | undefined> {
  const { action, pid, connection: id, sid, text } = value as Readonly<Record<string, unknown>>;
  const connection = typeof id === "string" ? stack.connections.get(id) : undefined;
  switch (action) {
    case "kill":
      return stack.functions.kill(Number(pid)) ? undefined : "expected pid to be an instance's";
    case "drop":
      if (connection === undefined) return "expected connection to be an open one";
      stack.webSocketApi.drop(connection);
      return undefined;
    case "expire":
      if (connection === undefined) return "expected connection to be an open one";
      stack.webSocketApi.close(connection, toCause(1001));
      return undefined;
    case "repeat":
      if (typeof sid !== "string" || typeof text !== "string" || text === "")
        return "expected sid and text of a frame";
      return repeat(stack, sid, text);
    default:
      return "expected action to be kill, drop, expire or repeat";
  }
}

async function repeat(stack: Stack, sid: string, text: string): Promise<string | undefined> {
  const connection = [...stack.connections.all()].find((one) => sidOf(one) === sid && !one.dropped);
  if (connection !== undefined) {
    stack.webSocketApi.repeat(connection, text);
    return undefined;
  }
  const status = await stack.postFrames(sid, text);
  return status === 200 ? undefined : `expected a session that is open, got ${status} of its POST`;
}
