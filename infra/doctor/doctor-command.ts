import { readFileSync, writeFileSync } from "node:fs";
import { applyEdits, compatible } from "./apply-edits.ts";
import { diagnose } from "./doctor.ts";
import { DoctorError } from "./doctor-error.ts";
import { parseDoctorOptions, usage } from "./doctor-options.ts";
import type { Finding } from "./finding.ts";
import { toJson, toText } from "./report.ts";

/** Prints what is found. Sets the exit code: 1 with findings, 2 where it could not look. */
export function runDoctor(args: readonly string[]): void {
  if (args.includes("--help")) return console.log(usage);
  try {
    const { file, fix, json } = parseDoctorOptions(args);
    const findings = fix ? heal(file) : diagnose(file);
    console.log(json ? toJson(findings) : toText(findings));
    if (findings.length > 0) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof DoctorError)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  }
}

/** A rewrite may make room for the next: an `await` in what has become asynchronous. */
const MAX_ROUNDS = 5;

/** Rewrites what can be, and returns what is left. */
export function heal(entry: string): readonly Finding[] {
  let findings = diagnose(entry);
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const edits = compatible(findings.flatMap(({ fix }) => (fix === undefined ? [] : [fix])));
    if (edits.length === 0) break;
    for (const file of new Set(edits.map((edit) => edit.file))) {
      const own = edits.filter((edit) => edit.file === file);
      writeFileSync(file, applyEdits(readFileSync(file, "utf8"), own));
    }
    findings = diagnose(entry);
  }
  return findings;
}
