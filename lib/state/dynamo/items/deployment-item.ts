import type { GetCommandInput, PutCommandInput } from "@aws-sdk/lib-dynamodb";
import type { DeploymentRecord } from "../../deployment.ts";
import type { Item } from "../expressions.ts";
import { DEPLOYMENT_KEY } from "../keys.ts";

export function fromDeploymentItem(item: Item): DeploymentRecord {
  const { pk: _pk, sk: _sk, expiresAt: _expiresAt, ...deployment } = item;
  return deployment as unknown as DeploymentRecord;
}

export const saveDeploymentParams = (
  tableName: string,
  deployment: DeploymentRecord,
  expiresAtSeconds: number,
): PutCommandInput => ({
  TableName: tableName,
  Item: { ...DEPLOYMENT_KEY, ...deployment, expiresAt: expiresAtSeconds },
});

export const getDeploymentParams = (tableName: string): GetCommandInput => ({
  TableName: tableName,
  Key: DEPLOYMENT_KEY,
  ConsistentRead: true,
});
