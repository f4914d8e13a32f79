/** What every alarm does: it tells the stage's SNS topic, or nobody. CloudFormation takes no list with a blank in it. */
module.exports = async ({ resolveVariable }) => {
  const topic = await resolveVariable("self:custom.alarmTopic");
  if (topic === "") return [];
  if (/^arn:[\w-]+:sns:[\w-]+:\d{12}:[\w-]+$/.test(topic)) return [topic];
  throw new Error(`expected the parameter alarmTopic to be the ARN of an SNS topic, got ${topic}`);
};
