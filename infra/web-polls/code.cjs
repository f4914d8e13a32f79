/** Where the archive is: a revision is made of an object of S3, in a bucket that keeps versions. */
module.exports = async ({ resolveVariable }) => {
  const archive = await resolveVariable("self:custom.webPollsArchive");
  const missing = Object.entries(archive)
    .filter(([, value]) => String(value) === "")
    .map(([name]) => name);
  if (missing.length === 0) return archive;
  throw new Error(
    `expected the parameters webPollsBucket, webPollsKey and webPollsVersion together with webPolls=true, got no ${missing.join(", ")}`,
  );
};
