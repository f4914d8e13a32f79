// Prints the tests of a vitest JSON report that failed, each with the first lines of its message.
import { readFileSync } from "node:fs";

const [file] = process.argv.slice(2);
const { testResults } = JSON.parse(readFileSync(file, "utf8"));
for (const { name, message, assertionResults } of testResults) {
  const failed = assertionResults.filter(({ status }) => status === "failed");
  for (const { fullName, failureMessages } of failed)
    console.log(`  ${name}: ${fullName}\n${indent(failureMessages.join("\n"))}`);
  if (message && failed.length === 0) console.log(`  ${name}\n${indent(message)}`);
}

function indent(text) {
  const lines = text.split("\n").slice(0, 8);
  return lines.map((line) => `    ${line}`).join("\n");
}
