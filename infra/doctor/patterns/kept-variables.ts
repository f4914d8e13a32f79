import ts from "typescript";
import type { Change } from "../changes.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import { findKeptPlaces, type KeptPlace } from "../kept-places.ts";
import { valueOf, type Place } from "../places.ts";
import { rewriteAsData } from "../rewrites/socket-data.ts";
import { findInstance, findUnstorable, type Unstorable } from "../unstorable.ts";
import { bare, lineOf } from "../syntax.ts";

/** Variables and fields that one packet changes for another one to find: that one may run elsewhere. */
export function findKeptVariables(examination: Examination): readonly Finding[] {
  return findKeptPlaces(examination).map((kept) => toFinding(kept, examination));
}

const withKeep = "With --keep the app stays as it is";

function toFinding(kept: KeptPlace, examination: Examination): Finding {
  const {
    place,
    changes: [first],
    allChanges,
    isOfListener,
  } = kept;
  const line = lineOf(place.declaration);
  const changed = `changed by ${examination.labelOf(first.owner)}${at(first.node, place.declaration)}`;
  const file = place.declaration.getSourceFile().fileName;
  if (isOfListener) {
    const unstorable = findUnstorable(kept, examination);
    const fix = unstorable ? undefined : rewriteAsData(place, examination);
    const remedy = unstorable
      ? remedyFor(unstorable, place)
      : `Keep it in socket.data.${plain(place.name)}. ${withKeep}`;
    const message = `${place.name} is ${changed}, and the listener makes it anew before each packet. ${remedy}`;
    return { file, line, pattern: "listener-variable", name: place.name, message, ...(fix ? { fix } : {}) };
  }
  if (allChanges.some((change) => keepsSocket(change, examination))) {
    const message = `${place.name} is ${changed} and keeps sockets, but no instance has those of another, and none has its own a packet later. Let each socket join a room by that key, and send to the room: io.to(key).emit(…)`;
    return { file, line, pattern: "socket-map", name: place.name, message };
  }
  const made = findInstance(allChanges, examination);
  const remedy = made
    ? `${remedyOf(place, examination)}, and put plain data in: ${made.what}${at(made.node, place.declaration)} would come back without its methods`
    : `${remedyOf(place, examination)}. ${withKeep}`;
  const message = `${place.name} is ${changed}; the next packet may run on another instance, which does not see that. ${remedy}`;
  return { file, line, pattern: "module-state", name: place.name, message };
}

/** Written into `socket.data` it would be gone a packet later, with an error in the log. */
function remedyFor({ nature, what, node, isLivePlain }: Unstorable, { name, declaration }: Place): string {
  const holds = `it holds ${what}${at(node, declaration)}`;
  if (nature === "socket")
    return `And ${holds}, of which no other packet has any use: let it join a room, and send to the room`;
  const keeps = `socket.data keeps what JSON gives back, and ${holds}`;
  if (isLivePlain)
    return `${keeps}: keep an object or a list in socket.data.${plain(name)}, or text. ${withKeep}`;
  return what === "a function"
    ? `${keeps}: keep there what it needs to know, and call a function of the module`
    : `${keeps}: keep there the data that it is made of, and make it again in each handler`;
}

/** A socket is put in, as it is or in an object beside other things. */
function keepsSocket({ value }: Change, { isSocket }: Examination): boolean {
  if (value === undefined) return false;
  const at = bare(value);
  if (ts.isObjectLiteralExpression(at)) {
    return at.properties.some((property) => {
      if (ts.isShorthandPropertyAssignment(property)) return isSocket(property.name);
      return ts.isPropertyAssignment(property) && isSocket(property.initializer);
    });
  }
  return ts.isIdentifier(at) && isSocket(at);
}

function remedyOf(place: Place, { names }: Examination): string {
  const name = plain(place.name);
  const value = valueOf(place);
  const at = value && bare(value);
  if (at && (ts.isNumericLiteral(at) || names.typeOf(at).flags & ts.TypeFlags.NumberLike)) {
    return `Count in the table, await io.shared("counts").increment("${name}"), or ask it: (await io.fetchSockets()).length`;
  }
  return `Keep it in io.shared("${name}"), or in socket.data where it belongs to one client`;
}

const plain = (name: string): string => name.replace(/^(this|global|globalThis)\./, "").replace(/^#/, "");

function at(node: ts.Node, declaration: ts.Node): string {
  const [file, other] = [node.getSourceFile(), declaration.getSourceFile()];
  return file === other
    ? ` in line ${lineOf(node)}`
    : ` in ${file.fileName.split("/").at(-1)}:${lineOf(node)}`;
}
