import type { LoadResult } from "./chat-load.ts";

/** The numbers of a run, for whoever reads the test's output. */
export function describeLoad(result: LoadResult): string {
  const { clients, processesPerConnection, kills, redeliveries, deadLetters, reconnections, elapsedMs } =
    result;
  const packets = clients.flatMap(({ sent }) => sent);
  const acknowledged = packets.filter(({ ackedAtMs }) => ackedAtMs !== undefined);
  const heard = clients.flatMap(({ stays }) => stays.flatMap((stay) => stay.heard));
  const several = processesPerConnection.filter((count) => count > 1).length;
  return [
    `${acknowledged.length} messages acknowledged in ${packets.length} packets, ${heard.length} heard, in ${elapsedMs} ms`,
    `${kills} instances killed, ${redeliveries} redeliveries, ${deadLetters} dead letters, ${reconnections} reconnections`,
    `processes per connection: up to ${Math.max(0, ...processesPerConnection)}, more than one for ${several} of ${processesPerConnection.length} connections`,
  ].join("\n");
}
