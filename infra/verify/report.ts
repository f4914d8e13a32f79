import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Finding } from "./check.ts";
import { losses } from "./losses.ts";
import { percentile } from "./outcome.ts";

/** One finding, as it is printed when it is there. */
export function describeFinding({ check, outcome, tookMs }: Finding): string {
  const head = `${outcome.verdict.padEnd(11)}  ${check.id.padEnd(15)}  ${check.title}`;
  const atStake = losses[check.id] === undefined ? [] : [`at stake  ${losses[check.id]}`];
  if (outcome.verdict === "not checked") {
    return [head, ...[outcome.why, ...atStake].map((line) => indent + line)].join("\n");
  }
  const lines = [`expected  ${check.assumption}`, `came      ${outcome.came}`];
  // Where to look is of interest when something is not so.
  if (outcome.verdict === "DIFFERENT") lines.push(`used in   ${check.usedIn.join(", ")}`, ...atStake);
  const numbers = Object.entries(outcome.measured ?? {}).map(([name, value]) => `${name} ${value}`);
  if (numbers.length > 0) lines.push(`measured  ${numbers.join(", ")}`);
  lines.push(`took      ${Math.round(tookMs / 100) / 10} s`);
  return [head, ...lines.map((line) => indent + line)].join("\n");
}

const indent = " ".repeat(13);

/** How many of each verdict, and what is different by name. */
export function summarise(findings: readonly Finding[]): string {
  const of = (verdict: string) => findings.filter(({ outcome }) => outcome.verdict === verdict);
  const different = of("DIFFERENT").map(({ check }) => check.id);
  return [
    `${of("as assumed").length} as assumed, ${different.length} different, ${of("not checked").length} not checked`,
    ...(different.length === 0 ? [] : [`different: ${different.join(", ")}`]),
  ].join("\n");
}

/** The same for programs: one entry a point. */
export const toJson = (url: string, findings: readonly Finding[]): string =>
  `${JSON.stringify(
    {
      url,
      at: new Date().toISOString(),
      totalMs: Math.round(findings.reduce((sum, { tookMs }) => sum + tookMs, 0)),
      slowestCheckMs: percentile(
        findings.map(({ tookMs }) => tookMs),
        1,
      ),
      findings: findings.map(({ check, outcome, tookMs }) => ({
        id: check.id,
        title: check.title,
        expected: check.assumption,
        usedIn: check.usedIn,
        atStake: losses[check.id],
        ...outcome,
        tookMs,
      })),
    },
    undefined,
    2,
  )}\n`;

/** `toJson` in a file, whose folder is made where there is none. */
export async function writeReport(file: string, url: string, findings: readonly Finding[]): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, toJson(url, findings));
}

/** 1 when something is different, 2 when nothing could be checked. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ outcome }) => outcome.verdict === "DIFFERENT")) return 1;
  return findings.every(({ outcome }) => outcome.verdict === "not checked") ? 2 : 0;
}
