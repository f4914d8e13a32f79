import { isRefusedAs } from "../../requests/aws-client.ts";

/** The answer to a conditional write, or undefined when its condition did not hold. Any other failure is thrown. */
export async function unlessRefused<Output>(write: Promise<Output>): Promise<Output | undefined> {
  try {
    return await write;
  } catch (error) {
    if (isRefusedAs(error, "ConditionalCheckFailedException")) return undefined;
    throw error;
  }
}

/** Whether the condition of a write held. */
export const isAccepted = async (write: Promise<unknown>): Promise<boolean> =>
  (await unlessRefused(write)) !== undefined;
