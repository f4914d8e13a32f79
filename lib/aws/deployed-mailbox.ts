import type { Mailbox } from "../engine/mailbox.ts";
import type { DeploymentRecord, DeploymentStore } from "../state/deployment.ts";
import { AwsError } from "./errors.ts";

/** Ways to a mailbox. */
export interface MailboxWays {
  /** By the queue's URL. */
  readonly queue: (url: string) => Mailbox;
  /** By the inbox function's name: direct ordering has no queue. */
  readonly inbox: (functionName: string) => Mailbox;
}

/**
 * The mailbox of a deployment that is known by its table alone: where it is, the heartbeat function has written there.
 * Looked up when the first letter is sent: most emitters never send one.
 *
 * `send` rejects with `aws.no_deployment` when the table does not say.
 */
export function createDeployedMailbox(store: DeploymentStore, ways: MailboxWays): Mailbox {
  let found: Promise<Mailbox> | undefined;
  return {
    send: async (letter) => {
      const finding = (found ??= store.getDeployment().then((deployment) => open(deployment, ways)));
      try {
        await (await finding).send(letter);
      } catch (error) {
        // The next letter looks again: the stack may have been deployed meanwhile.
        if (found === finding) found = undefined;
        throw error;
      }
    },
    // Only what was received can be released, and nothing is received here.
    release: () => Promise.resolve(),
  };
}

function open(deployment: DeploymentRecord | undefined, { queue, inbox }: MailboxWays): Mailbox {
  if (deployment?.mailboxUrl !== undefined) return queue(deployment.mailboxUrl);
  if (deployment?.inboxFunction !== undefined) return inbox(deployment.inboxFunction);
  throw new AwsError(
    "aws.no_deployment",
    "expected the table to say where the deployment's mailbox is, which its heartbeat function writes every hour, got nothing; " +
      "is it the table of a running stack?",
  );
}
