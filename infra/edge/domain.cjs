/** The names that the distribution answers to: the one that CloudFront gives it, or the stage's own as well. */
module.exports = async ({ resolveVariable }) => {
  const domain = await resolveVariable("self:custom.domainName");
  const certificate = await resolveVariable("self:custom.certificate");
  if (domain !== "" && String(await resolveVariable("param:edge")) !== "true") {
    throw new Error(
      "expected the parameter domain together with edge=true, got no edge that could have the name",
    );
  }
  const options = `{ path: "${await resolveVariable("param:path")}" }`;
  if (domain === "" && certificate === "") {
    return {
      aliases: [],
      certificate: { CloudFrontDefaultCertificate: true },
      url: { "Fn::Sub": "https://${Edge.DomainName}" },
      client: { "Fn::Sub": `io("https://\${Edge.DomainName}", ${options})` },
    };
  }
  if (domain === "" || !/^arn:[\w-]+:acm:us-east-1:\d{12}:certificate\//.test(certificate)) {
    throw new Error(
      "expected the parameters domain and certificate together, the certificate as an ARN of ACM in us-east-1, " +
        `got domain ${JSON.stringify(domain)} and certificate ${JSON.stringify(certificate)}`,
    );
  }
  return {
    aliases: [domain],
    certificate: {
      AcmCertificateArn: certificate,
      SslSupportMethod: "sni-only",
      MinimumProtocolVersion: "TLSv1.2_2025",
    },
    url: `https://${domain}`,
    client: `io("https://${domain}", ${options})`,
  };
};
