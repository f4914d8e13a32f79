import path from "node:path";
import type { Declared } from "./declaration.ts";
import type { Kept } from "./kept.ts";

/** A variable that a handler has changed, and that the next packet may not find so. */
export interface LostVariable {
  /** Absolute. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** As written: `users`, `lobby.players`. */
  readonly name: string;
  /** One sentence each: what has happened, and what to do. */
  readonly text: string;
}

/** `events`: what was handled meanwhile, the one that was looked at first. */
export function toLostVariable(kept: Kept, declared: Declared, events: readonly string[]): LostVariable {
  const { file, line } = declared;
  const name = kept.label.endsWith(kept.name)
    ? kept.label.slice(0, -kept.name.length) + declared.name
    : kept.label;
  const handled = events.map(labelOf).join(" or ");
  const place = `${path.relative(process.cwd(), file)}:${line}`;
  const when =
    handled === ""
      ? "between packets, by a timer or whatever else stays in the process"
      : `while ${handled} was handled`;
  const what = `${name} (${kept.kind}) changed ${when}`;
  const why = kept.isOfListener
    ? "the listener makes it anew before each packet"
    : "the next packet may run elsewhere";
  return { file, line, name, text: `${place} ${what}; ${why}. Keep ${remedyFor(kept, declared.name)}` };
}

/** As it is called in a sentence: a packet's event, a request, or what comes before any packet. */
function labelOf(event: string): string {
  if (event === "connection") return "the connection";
  if (event === "connect") return "a middleware";
  const isNoPacket = event === "allowRequest" || event === "io.engine.use" || /^[A-Z]+ \//.test(event);
  return isNoPacket ? event : `"${event}"`;
}

function remedyFor({ isOfListener, kind, nature, holdsSockets }: Kept, name: string): string {
  const plain = name.replace(/^#/, "");
  if (isOfListener && kind === "function")
    return `what it needs to know in socket.data.${plain}, and call a function of the module`;
  if (isOfListener && kind === "Timeout")
    return `nothing for a timer: io.timer("${plain}", …) outlives the handler`;
  if (isOfListener && (nature === "opaque" || nature === "instance"))
    return `the data that it is made of in socket.data.${plain}, and make it again in each handler`;
  if (holdsSockets)
    return "it in rooms: a socket joins one by its key, and io.to(key).emit(…) reaches it from anywhere";
  if (isOfListener) return `it in socket.data.${plain}`;
  if (kind === "number") return `it in io.shared("counts"), with increment("${plain}")`;
  if (nature === "primitive") return "it in io.shared, or in socket.data where it belongs to one client";
  return `it in io.shared("${plain}"), or in a room where it says who belongs together`;
}
