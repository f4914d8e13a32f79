import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { GetAccountSettingsCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { EndpointService, Settings } from "./settings.ts";

/** Region, credentials and endpoints by the SDK's own providers, through clients that make no request. */
export function createSdkSettings(
  region: string | undefined,
  credentials: Settings["credentials"] | undefined,
): Settings {
  const config = {
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials: async () => credentials() }),
  };
  const dynamodb = new DynamoDBClient(config);
  const endpoints: Readonly<Record<EndpointService, () => Promise<string>>> = {
    dynamodb: () => findEndpoint(dynamodb, (client) => client.send(new ListTablesCommand({}))),
    lambda: () =>
      findEndpoint(new LambdaClient(config), (client) => client.send(new GetAccountSettingsCommand({}))),
  };
  // Asked for by every request, of which several may be the first.
  const found = new Map<EndpointService, Promise<string>>();
  const endpoint = (service: EndpointService): Promise<string> => {
    const known = found.get(service);
    if (known !== undefined) return known;
    const asked = endpoints[service]();
    found.set(service, asked);
    asked.catch(() => found.delete(service));
    return asked;
  };
  return {
    region: () => dynamodb.config.region(),
    credentials: () => dynamodb.config.credentials(),
    endpoint,
  };
}

interface Addressed {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
}

/** Where a request would go, which is stopped before it is signed. */
function findEndpoint<Client extends DynamoDBClient | LambdaClient>(
  client: Client,
  send: (client: Client) => Promise<unknown>,
): Promise<string> {
  const stack = client.middlewareStack as DynamoDBClient["middlewareStack"];
  const name = "findEndpoint";
  return new Promise((resolve, reject) => {
    stack.add(
      () =>
        ({ request }) => {
          const { protocol, hostname, port } = request as Addressed;
          resolve(`${protocol}//${hostname}${port === undefined ? "" : `:${port}`}`);
          return Promise.reject(new Error(name));
        },
      { step: "build", priority: "high", name },
    );
    // By then it is known, unless the client did not get so far.
    send(client)
      .catch(reject)
      .finally(() => stack.remove(name));
  });
}
