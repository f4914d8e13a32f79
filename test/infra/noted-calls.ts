import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Template } from "./compile.ts";

/** Who makes calls: the functions, and programs outside of the stack. */
export const callers = ["connect", "poll", "inbox", "heartbeat", "fanout", "http", "emitter"] as const;

export type Caller = (typeof callers)[number];

/** What the local runtime has noted in a directory: which of them has made which calls. */
export async function readCalls(from: string): Promise<ReadonlyMap<Caller, ReadonlySet<string>>> {
  const calls = new Map<Caller, Set<string>>();
  for (const file of await readdir(from)) {
    const text = await readFile(path.join(from, file), "utf8");
    for (const line of text.split("\n").filter(Boolean)) {
      const [deployed = "", ...action] = line.split(" ");
      const name = callers.find((one) => deployed.endsWith(`-${one}`));
      if (name === undefined) continue;
      const known = calls.get(name) ?? new Set<string>();
      calls.set(name, known.add(action.join(" ")));
    }
  }
  if (calls.size === 0) throw new Error(`expected noted calls in ${from}, got none`);
  return calls;
}

/** What a role or a managed policy allows, as calls are noted: those on connections by method, which their resource names. */
export function allowedIn({ Resources }: Template, name: string): string[] {
  const { Policies, PolicyDocument } = (Resources[name]?.Properties ?? {}) as {
    readonly Policies?: readonly Policy[];
    readonly PolicyDocument?: Policy["PolicyDocument"];
  };
  const policies = Policies ?? (PolicyDocument === undefined ? [] : [{ PolicyDocument }]);
  return policies.flatMap((policy) =>
    policy.PolicyDocument.Statement.flatMap(({ Action, Resource }) =>
      [Action]
        .flat()
        .flatMap((action) =>
          action === "execute-api:ManageConnections"
            ? methodsOf(Resource).map((method) => `${action} ${method}`)
            : [action],
        ),
    ),
  );
}

interface Policy {
  readonly PolicyDocument: { readonly Statement: readonly Statement[] };
}

interface Statement {
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}

function methodsOf(resource: unknown): string[] {
  const text = JSON.stringify(resource);
  return ["POST", "DELETE", "GET"].filter((method) => text.includes(`/${method}/@connections`));
}
