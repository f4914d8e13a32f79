import type { Client, Rig } from "./rig.ts";

export type Callback = (...args: unknown[]) => void;

/** A question as a client sees it: the id it is to be answered under. */
export const idIn = (frame: string | undefined): string =>
  /^4[25](?:\d+-)?(?:\/[^,]*,)?(\d+)/.exec(frame ?? "")?.[1] ?? "none";

/** The id in the last frame that a client has received, which is a question. */
export const asked = (client: Client): string => idIn(client.received.at(-1));

/** Answers the question that a client has received last. */
export async function answer(client: Client, ...args: unknown[]): Promise<string> {
  const id = asked(client);
  await client.send(`43${id}${JSON.stringify(args)}`);
  return id;
}

/** From now on batches are handed over by a queue of which nothing can be released early. */
export function forbidRelease({ mailbox }: Rig): void {
  const take = mailbox.take.bind(mailbox);
  mailbox.take = () => take()?.map(({ receipt: _, ...delivery }) => delivery);
}

/** From now on invocations end this long after they have begun. */
export function endInvocations({ instances, clock }: Rig, afterMs: number): void {
  for (const { inbox } of instances) {
    const receive = inbox.receive.bind(inbox);
    inbox.receive = (batch) => receive(batch, clock.nowMs() + afterMs);
  }
}

/** How often the instances have called a port, `store.listAnswers` say. */
export const countCalls = ({ instances }: Rig, call: string): number =>
  instances.flatMap(({ life }) => life.calls).filter((one) => one === call).length;
