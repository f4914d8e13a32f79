import type { CreateTableCommandInput } from "@aws-sdk/client-dynamodb";

/** A room's messages by their offset, and by what their client called them. */
export const tableDefinition: Omit<CreateTableCommandInput, "TableName"> = {
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [
    { AttributeName: "room", AttributeType: "S" },
    { AttributeName: "offset", AttributeType: "N" },
    { AttributeName: "clientOffset", AttributeType: "S" },
  ],
  KeySchema: [
    { AttributeName: "room", KeyType: "HASH" },
    { AttributeName: "offset", KeyType: "RANGE" },
  ],
  // A local index, because a global one cannot be read consistently.
  LocalSecondaryIndexes: [
    {
      IndexName: "byClientOffset",
      KeySchema: [
        { AttributeName: "room", KeyType: "HASH" },
        { AttributeName: "clientOffset", KeyType: "RANGE" },
      ],
      Projection: { ProjectionType: "KEYS_ONLY" },
    },
  ],
};
