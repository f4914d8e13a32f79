/** Options of a command as `parseArgs` takes them, none of them a short one. */
type Flags = Readonly<Record<string, { readonly type: "string" | "boolean" }>>;

/**
 * `--id`, `-GEb…` as `--id=-GEb…`: one id of 64 begins with a dash, and so does one token, which `parseArgs` takes for an
 * option where it stands alone. Without short options nothing but the name of an option is one.
 */
export function withValuesJoined(args: readonly string[], flags: Flags): string[] {
  const joined: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const [arg = "", value] = args.slice(index, index + 2);
    const takesValue = !arg.includes("=") && typeOf(arg, flags) === "string";
    const isJoined = takesValue && value?.startsWith("-") && typeOf(value, flags) === undefined;
    joined.push(isJoined ? `${arg}=${value}` : arg);
    if (isJoined) index++;
  }
  return joined;
}

/** What an argument takes where it names an option, with its value or without; else undefined. */
function typeOf(arg: string, flags: Flags): "string" | "boolean" | undefined {
  const name = /^--([^=]+)/.exec(arg)?.[1] ?? "";
  return Object.hasOwn(flags, name) ? flags[name]?.type : undefined;
}
