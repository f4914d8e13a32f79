import { examine } from "./examination.ts";
import type { Finding } from "./finding.ts";
import { findBinarySenders } from "./patterns/binary-senders.ts";
import { findFloatingPromises } from "./patterns/floating-promises.ts";
import { findKeptVariables } from "./patterns/kept-variables.ts";
import { findListenerEffects } from "./patterns/listener-effects.ts";
import { findLocalFiles } from "./patterns/local-files.ts";
import { findLocalMembers } from "./patterns/local-members.ts";
import { findSessions } from "./patterns/sessions.ts";
import { findSubscriptions } from "./patterns/subscriptions.ts";
import { findTimers } from "./patterns/timers.ts";

const searches = [
  findKeptVariables,
  findTimers,
  findSubscriptions,
  findListenerEffects,
  findLocalMembers,
  findSessions,
  findFloatingPromises,
  findLocalFiles,
  findBinarySenders,
];

/**
 * What in an app relies on the process staying, in the order of files and lines: in the module `entry` and what it
 * imports of its own. Nothing of it is run. Throws a `DoctorError` for what cannot be read.
 */
export function diagnose(entry: string): readonly Finding[] {
  const examination = examine(entry);
  const order = new Map(examination.app.files.map(({ fileName }, index) => [fileName, index]));
  const place = ({ file, line }: Finding) => (order.get(file) ?? 0) * 1e6 + line;
  return searches
    .flatMap((search) => search(examination))
    .toSorted((first, second) => place(first) - place(second));
}
