import { describeLoad } from "../test/e2e/describe-load.ts";
import { playChat, type LoadOptions, type LoadResult } from "../test/e2e/chat-load.ts";
import { findViolations } from "../test/e2e/chat-proof.ts";
import { playOfficial } from "./affinity-official.ts";

/**
 * `npm run test:affinity`: default clients, `io(url)` and nothing else, on instances where no two consecutive requests
 * of a session reach the same process. Each client begins to talk while it is still being upgraded, and hears the
 * others, whose emits come from other instances.
 */
interface Scenario {
  readonly title: string;
  readonly load: LoadOptions;
  /** Where every client must be at the end; undefined: wherever a kill has left it. */
  readonly transport?: string;
}

const MAX_INSTANCES = 80;

const common = { window: 4, maxInstances: MAX_INSTANCES, antiAffinity: true, patienceMs: 400_000 } as const;
const many = { ...common, clients: 60, rooms: 20, messages: 6_000, transportOptions: {} };
const few = { ...common, clients: 20, rooms: 5, messages: 1_000, chaos: 0 };

const scenarios: readonly Scenario[] = [
  {
    title: "60 default clients, 100 acknowledged events each",
    load: { ...many, chaos: 0, seed: 11 },
    transport: "websocket",
  },
  { title: "the same, with kills", load: { ...many, chaos: 0.01, seed: 12 } },
  {
    title: '20 clients with transports: ["polling"], 50 events each',
    load: { ...few, seed: 13, transportOptions: { transports: ["polling"] } },
    transport: "polling",
  },
  {
    title: "20 clients with upgrade: false, 50 events each",
    load: { ...few, seed: 14, transportOptions: { upgrade: false } },
    transport: "polling",
  },
];

let passed = 0;
let failed = 0;
const only = process.argv.slice(2).map(Number);
for (const [index, scenario] of scenarios.entries()) {
  if (only.length > 0 && !only.includes(index + 1)) continue;
  console.log(`\n${index + 1}. ${scenario.title}`);
  const problems = await play(scenario);
  if (problems.length === 0) passed += 1;
  else failed += 1;
  for (const problem of problems) console.log(`   FAILED ${problem}`);
}
if (only.length === 0) console.log(`\n${await playOfficial()}`);
console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function play({ load, transport }: Scenario): Promise<string[]> {
  let result: LoadResult;
  try {
    result = await playChat(load);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  console.log(`   ${describeLoad(result)}`);
  const { clients, deadLetters, processesPerConnection } = result;
  const elsewhere = clients.filter((client) => transport !== undefined && client.transport !== transport);
  console.log(
    `   ${clients.length - elsewhere.length} of ${clients.length} clients ended on ${transport ?? "any transport"}`,
  );
  const problems = Object.entries(findViolations(result))
    .filter(([, packets]) => packets.length > 0)
    .map(([violation, packets]) => `${violation}: ${packets.slice(0, 5).join(", ")} (${packets.length})`);
  if (elsewhere.length > 0)
    problems.push(
      `expected all on ${transport}, got ${elsewhere.map((one) => `${one.name} on ${one.transport}`).join(", ")}`,
    );
  if (load.chaos === 0 && result.reconnections > 0)
    problems.push(`expected no connection to break, got ${result.reconnections} reconnections`);
  if (deadLetters > 0) problems.push(`expected no dead letters, got ${deadLetters}`);
  if (!processesPerConnection.some((count) => count > 1))
    problems.push("expected connections to be served by several processes");
  return problems;
}
