/**
 * What each participant of a scenario saw, a lane each, in order. Lanes are not ordered among each other: two
 * clients have no common clock. Ids that differ from run to run are replaced by the names the scenario gave them.
 */
export class Transcript {
  readonly #lanes = new Map<string, string[]>();
  readonly #names = new Map<string, string>();

  note(lane: string, ...words: readonly string[]): void {
    const line = words.join(" ");
    const lines = this.#lanes.get(lane);
    if (lines === undefined) this.#lanes.set(lane, [line]);
    else lines.push(line);
  }

  /** Says whose id this is. Lines noted earlier are renamed as well. */
  name(id: string | undefined, name: string): void {
    if (id !== undefined && !this.#names.has(id)) this.#names.set(id, `<${name}>`);
  }

  toLanes(): Record<string, readonly string[]> {
    const rename = (line: string): string =>
      [...this.#names].reduce((text, [id, name]) => text.replaceAll(id, name), line);
    return Object.fromEntries(
      [...this.#lanes].toSorted().map(([lane, lines]) => [lane, lines.map(rename)] as const),
    );
  }
}

/** JSON, with the things that JSON does not tell apart. */
export function render(value: unknown): string {
  if (value === undefined) return "undefined";
  if (value instanceof ArrayBuffer) return `bytes(${Buffer.from(value).toString("hex")})`;
  if (ArrayBuffer.isView(value)) {
    return `bytes(${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")})`;
  }
  if (Array.isArray(value)) return `[${value.map(render).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${render(field)}`);
    return `{${fields.join(",")}}`;
  }
  if (typeof value === "string" && value.length > 400) {
    return `string(${value.length},${JSON.stringify(value.slice(0, 20))}…${JSON.stringify(value.slice(-20))})`;
  }
  return JSON.stringify(value);
}
