/** How long dead letters are kept, in the seconds that SQS counts in: they hold what clients sent. */
module.exports = async ({ resolveVariable }) => {
  const days = String(await resolveVariable("self:custom.deadLetterRetentionDays"));
  if (/^([1-9]|1[0-4])$/.test(days)) return Number(days) * 86_400;
  throw new Error(`expected the parameter deadLetterRetentionDays to be from 1 to 14, got ${days}`);
};
