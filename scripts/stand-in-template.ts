/** A CloudFormation template as far as it is read here. */
export interface StandInTemplate {
  Resources: Record<
    string,
    { readonly Type: string; DependsOn?: unknown; readonly Properties?: Record<string, unknown> }
  >;
  Outputs?: Record<string, unknown>;
}

/**
 * Takes the resources of these types out of a template, in place, for a stand-in for AWS that knows nothing of them.
 * Whatever refers to one gets words in the place of its id: `WebsocketsApi`, `Edge.DomainName`. Dependencies go as well;
 * the references that are left make all that matter.
 */
export function adaptTemplate(template: StandInTemplate, types: ReadonlySet<string>): void {
  const removed = new Set<string>();
  for (const [name, resource] of Object.entries(template.Resources)) {
    delete resource.DependsOn;
    if (!types.has(resource.Type)) continue;
    removed.add(name);
    delete template.Resources[name];
  }
  template.Resources = replace(template.Resources, removed) as StandInTemplate["Resources"];
  nameQueues(template);
  if (template.Outputs) template.Outputs = replace(template.Outputs, removed) as Record<string, unknown>;
}

/** CloudFormation gives a FIFO queue without a name one that ends in `.fifo`; moto refuses what it has made up itself. */
function nameQueues(template: StandInTemplate): void {
  for (const [name, { Type, Properties }] of Object.entries(template.Resources)) {
    if (Type !== "AWS::SQS::Queue" || Properties?.["FifoQueue"] !== true) continue;
    Properties["QueueName"] ??= `${name}.fifo`;
  }
}

function replace(value: unknown, removed: ReadonlySet<string>): unknown {
  if (Array.isArray(value)) return value.map((one) => replace(one, removed));
  if (typeof value !== "object" || value === null) return value;
  const { Ref, "Fn::GetAtt": attribute, "Fn::Sub": text } = value as Readonly<Record<string, unknown>>;
  if (typeof Ref === "string" && removed.has(Ref)) return Ref;
  if (Array.isArray(attribute) && removed.has(String(attribute[0]))) return attribute.join(".");
  if (typeof text === "string") return replaceInText(text, removed);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replace(one, removed)]));
}

/** A text in which nothing is left to substitute is no `Fn::Sub` any more. */
function replaceInText(text: string, removed: ReadonlySet<string>): unknown {
  const replaced = text.replace(/\$\{(\w+)((?:\.\w+)?)\}/g, (all, name: string, attribute: string) =>
    removed.has(name) ? name + attribute : all,
  );
  return replaced.includes("${") ? { "Fn::Sub": replaced } : replaced;
}
