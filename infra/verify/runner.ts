import type { Check, Finding } from "./check.ts";
import type { Outcome } from "./outcome.ts";
import type { Stage } from "./stage.ts";

/** Runs checks one after the other, so that none disturbs the times of another. `onFinding` hears of each at once. */
export async function runChecks(
  checks: readonly Check[],
  stage: Stage,
  onFinding: (finding: Finding) => void = () => undefined,
): Promise<readonly Finding[]> {
  await stage.explore();
  const findings: Finding[] = [];
  for (const check of checks) {
    const startedAt = performance.now();
    const outcome = await runCheck(check, stage);
    const finding = { check, outcome, tookMs: Math.round(performance.now() - startedAt) };
    findings.push(finding);
    onFinding(finding);
  }
  return findings;
}

async function runCheck(check: Check, stage: Stage): Promise<Outcome> {
  for (const need of check.needs) {
    const missing = stage.missing(need);
    if (missing !== undefined) return missing;
  }
  try {
    return await check.run(stage);
  } catch (error) {
    return { verdict: "DIFFERENT", came: error instanceof Error ? error.message : String(error) };
  } finally {
    stage.hangUp();
  }
}
