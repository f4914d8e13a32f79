/** Lambda refuses a reservation that would leave the account's other functions fewer than these. */
const UNRESERVED = 100;
/** Polls hold an execution each; frames are what everybody waits for. The rest is for handshakes, pings and others. */
const SHARE = 0.4;
/** Some new accounts have no more. */
const LEAST_QUOTA = 10;

/**
 * How the executions that the stage may count on are shared: what is reserved for polls and for the inbox, which is also
 * the most that they get, and how many polls there may be before they are held briefly. Nothing is reserved where the
 * parameter `concurrency` is empty, or too small to be divided.
 */
module.exports = async ({ resolveVariable }) => {
  const [concurrency, poll, inbox] = [
    toCount("concurrency", await resolveVariable("self:custom.concurrencyQuota")),
    toCount("pollConcurrency", await resolveVariable("self:custom.pollConcurrency")),
    toCount("inboxConcurrency", await resolveVariable("self:custom.inboxConcurrency")),
  ];
  // Lambda takes a mapping with one or the other.
  const hasPollers = String(await resolveVariable("self:custom.mailboxPollers")) !== "";
  const reservable = (concurrency ?? LEAST_QUOTA) - UNRESERVED;
  const share = reservable < UNRESERVED ? null : Math.floor(reservable * SHARE);
  const reservedForPolls = poll ?? share;
  const reservedForInbox = inbox ?? share;
  return {
    poll: reservedForPolls,
    inbox: reservedForInbox,
    // Lambda asks for at least two.
    mapping: reservedForInbox === null || hasPollers ? null : Math.max(2, Math.min(1000, reservedForInbox)),
    pollCapacity: reservedForPolls ?? Math.max(1, Math.floor((concurrency ?? LEAST_QUOTA) * SHARE)),
  };
};

function toCount(name, value) {
  const text = String(value);
  if (text === "") return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new Error(`expected the parameter ${name} to be a whole number above zero, got ${text}`);
}
