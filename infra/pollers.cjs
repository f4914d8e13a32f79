/** By CloudFormation's documentation, of pollers that a mapping keeps ready. */
const LEAST = 2;
const MOST = 200;

/**
 * Pollers that the mailbox's mapping keeps ready, where the parameter `mailboxPollers` says how many: an extension of the
 * mapping that the framework writes, for which it has no key of its own. Nothing where the parameter is empty.
 */
module.exports = async ({ resolveVariable }) => {
  const text = String(await resolveVariable("self:custom.mailboxPollers"));
  if (text === "") return {};
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(count >= LEAST && count <= MOST))
    throw new Error(
      `expected the parameter mailboxPollers to be a whole number from ${LEAST} to ${MOST}, got ${text}`,
    );
  const ordering = await resolveVariable("self:custom.orderingName");
  if (ordering !== "fifo")
    throw new Error(
      `expected mailboxPollers in fifo ordering alone, got it in ${ordering}, which has no mailbox`,
    );
  return {
    extensions: {
      InboxEventSourceMappingSQSMailbox: {
        Properties: { ProvisionedPollerConfig: { MinimumPollers: count } },
      },
    },
  };
};
