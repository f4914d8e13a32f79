import { describe, expect, it } from "vitest";
import {
  fromDeploymentItem,
  getDeploymentParams,
  saveDeploymentParams,
} from "../../../../lib/state/dynamo/items/deployment-item.ts";
import { START_MS } from "../../fixtures.ts";

const key = { pk: "deployment", sk: "deployment" };

describe("the requests about a deployment", () => {
  const deployment = { mailboxUrl: "https://sqs.example/mailbox.fifo", savedAtMs: START_MS };

  it("save it whole, and read it back", () => {
    const params = saveDeploymentParams("table", deployment, 1773566814);

    expect(params).toStrictEqual({
      TableName: "table",
      Item: { ...key, ...deployment, expiresAt: 1773566814 },
    });
    expect(fromDeploymentItem(params.Item ?? {})).toStrictEqual(deployment);
    expect(getDeploymentParams("table")).toStrictEqual({
      TableName: "table",
      Key: key,
      ConsistentRead: true,
    });
  });
});
