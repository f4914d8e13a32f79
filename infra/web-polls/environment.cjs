/** What the poll function reads, at a host that has no WebSockets, and no proxy of ours in front. */
module.exports = async ({ resolveVariable }) => {
  const values = {
    ...(await resolveVariable("file(infra/environment.yml)")),
    ...(await resolveVariable("self:custom.ordering.environment")),
    NONSTICKY_UPGRADES: "none",
    NONSTICKY_TRUSTED_HOPS: "0",
  };
  // The framework makes text of numbers in its own functions' environments alone.
  const toText = (value) => (typeof value === "object" ? value : String(value));
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, toText(value)]));
};
