import { ConditionalCheckFailedException, ResourceNotFoundException } from "@aws-sdk/client-dynamodb";
import { describe, expect, it } from "vitest";
import { isAccepted, unlessRefused } from "../../../lib/state/dynamo/failures.ts";

const details = { $metadata: {}, message: "" };
const refusal = new ConditionalCheckFailedException(details);
const missingTable = new ResourceNotFoundException(details);

describe("a conditional write", () => {
  it("that is accepted is its answer", async () => {
    const answer = { Attributes: {} };

    expect(await unlessRefused(Promise.resolve(answer))).toBe(answer);
    expect(await isAccepted(Promise.resolve(answer))).toBe(true);
  });

  it("that is refused is a value", async () => {
    expect(await unlessRefused(Promise.reject(refusal))).toBeUndefined();
    expect(await isAccepted(Promise.reject(refusal))).toBe(false);
  });

  it.each([missingTable, new Error("socket hang up"), "text"])(
    "that fails with %s throws it as it is",
    async (error) => {
      await expect(unlessRefused(Promise.reject(error))).rejects.toBe(error);
      await expect(isAccepted(Promise.reject(error))).rejects.toBe(error);
    },
  );
});
