/** A CloudFormation template as far as this file looks into it. */
export interface StackTemplate {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;
}

/** What somebody's service has besides this stack. */
export interface Foreign {
  readonly functionNames: readonly string[];
  readonly resources: readonly string[];
}

/**
 * The template without what is not this stack's: somebody's resources and functions, and whatever leads to those
 * functions, such as their routes and schedules. The local runtime has no emulation of them.
 */
export function removeForeign(template: StackTemplate, { functionNames, resources }: Foreign): StackTemplate {
  const entries = Object.entries(template.Resources);
  const isLambda = ({ Type }: { readonly Type: string }) => Type === "AWS::Lambda::Function";
  const names = entries.flatMap(([id, resource]) =>
    isLambda(resource) && functionNames.includes(readName(resource.Properties)) ? [id] : [],
  );
  const removed = new Set(names);
  // Also what leads to what leads there: a route leads to an integration. A function of this stack may refer to
  // somebody's in its environment, and stays.
  for (let before = -1; before !== removed.size;) {
    before = removed.size;
    for (const [id, resource] of entries) {
      if (!isLambda(resource) && !resources.includes(id) && refersTo(resource.Properties, removed))
        removed.add(id);
    }
  }
  for (const id of resources) removed.add(id);
  return { ...template, Resources: Object.fromEntries(entries.filter(([id]) => !removed.has(id))) };
}

const readName = (properties: unknown): string =>
  String((properties as { FunctionName?: unknown } | undefined)?.FunctionName);

function refersTo(value: unknown, ids: ReadonlySet<string>): boolean {
  if (Array.isArray(value)) return value.some((one) => refersTo(one, ids));
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(([key, inner]) => {
    if (key === "Ref") return ids.has(String(inner));
    if (key === "Fn::GetAtt")
      return ids.has(String(Array.isArray(inner) ? inner[0] : inner).split(".")[0] ?? "");
    return refersTo(inner, ids);
  });
}
