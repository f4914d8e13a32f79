import { assumptions as a } from "./assumptions.ts";
import { compare, type Comparison } from "./bill.ts";
import { causes, type Cause } from "./causes.ts";
import type { Operations } from "./operations.ts";
import { meters, priceOf, type Prices } from "./prices.ts";
import { describe, toDollars, toNumber } from "./report.ts";
import { pingIntervalsMs, workloads, type Workload } from "./workload.ts";

/** Name, dollars a month, requests in it. */
const flatRates = [
  ["Free", 0, 1e6],
  ["Pro", 15, 10e6],
  ["Business", 200, 125e6],
  ["Premium", 1_000, 500e6],
] as const;

const sizes = [1_000, 10_000, 100_000, 1_000_000];

/** docs/cost.md, as Markdown that the formatter leaves alone. */
export function toPage(operations: Operations, prices: Prices): string {
  const reckon = (workload: Workload) => compare(workload, operations, prices);
  const settings: readonly (readonly [string, Partial<Workload>])[] = [
    ["as above", {}],
    ["`--ping silent`", { pingIntervalMs: pingIntervalsMs.silent }],
    ["`--ping economy`", { pingIntervalMs: pingIntervalsMs.economy }],
    ["`--ping balanced`", { pingIntervalMs: pingIntervalsMs.balanced }],
    ["`--ping official`", { pingIntervalMs: pingIntervalsMs.official }],
    ["`--ordering direct`", { ordering: "direct" }],
    ["`--recovery`", { recovery: true }],
    ["`--room-events`", { roomEvents: true }],
    ["`--shared-reads 10 --shared-writes 10`", { sharedReadsPerHour: 10, sharedWritesPerHour: 10 }],
    ["`--live-kb 10 --live-writes 5`", { liveKb: 10, liveWritesPerHour: 5 }],
    ["`--routes 1`", { routesPerHour: 1 }],
    ["`--edge`", { edge: true }],
    ["`--session-minutes 10`", { sessionMinutes: 10 }],
    ["`--polling 0.01`", { polling: 0.01 }],
    ["`--fan-out 1`", { fanOut: 1 }],
    ["`--timers 1`", { timersPerHour: 1 }],
    ["`--timers 1 --timers-rung 0`", { timersPerHour: 1, timersRung: 0 }],
  ];
  return [
    "# What it costs",
    "Down to [In parts](#in-parts), this page is what `npm run cost -- --table` prints. For a workload of your own: `npm run cost -- --help`, or `npx nonsticky cost --help` where the package is installed.",
    `US dollars for 30 days, list prices of ${prices.region} as known on ${prices.date}, before free tiers and discounts; a bill depends on what the pages [below](#prices) say on its day. How often each operation asks AWS for something is counted by \`npm run bench:calls\`, which fails when this page reckons with other counts; how long functions run, how much they log and what a container holds are [assumptions](#assumptions). No bill has been seen yet.`,
    "## Two workloads",
    ...Object.entries(workloads).flatMap(([name, workload]) => [
      `**${name[0]?.toUpperCase()}${name.slice(1)}**: ${describe(workload).replace(/^.*? clients, /, "")}.`,
      toSizes(sizes.map((connections) => reckon({ ...workload, connections }))),
    ]),
    "Clients are connected all month long: with half as many on the average, everything but what is paid at rest is half as much, while the containers stay.",
    "## Which is cheaper",
    [
      `- Nobody connected: ${toDollars(reckon({ ...workloads.quiet, connections: 0 }).dollars)} a month with alarms, dashboard and metrics, ${toDollars(reckon({ ...workloads.quiet, connections: 0, monitoring: false }).dollars)} without; the containers cost ${toDollars(reckon({ ...workloads.quiet, connections: 0 }).alternative.dollars)} whether anybody comes or not.`,
      `- Quiet: cheaper than the containers up to about ${toNumber(breakEven(reckon, workloads.quiet))} clients on the average of the month. Chatty: up to about ${toNumber(breakEven(reckon, workloads.chatty))}.`,
      "- Beyond that the containers are cheaper, and by far for a service that is busy day and night: a million posts cost a dollar here, a connection a cent a month and its pings several, while containers send packets for nothing until they are full. What speaks for this then is not the bill: nothing to run, patch, drain or scale, no sticky sessions, nobody disconnected by a deployment.",
    ].join("\n"),
    "## What a setting changes",
    "The quiet workload with 10,000 clients:",
    toTable(
      ["setting", "a month", "containers"],
      settings.map(([name, changes]) => {
        const comparison = reckon({ ...workloads.quiet, connections: 10_000, ...changes });
        return [name, toDollars(comparison.dollars), toDollars(comparison.alternative.dollars)];
      }),
    ),
    "## The edge at a flat rate",
    "CloudFront [has plans](https://aws.amazon.com/cloudfront/pricing/) of a fixed price a month, without a charge for what is beyond: it may be slowed down. As known on 2026-11-28, beside what as many requests cost without a plan, traffic aside:",
    toTable(
      ["plan", "a month", "requests", "without a plan"],
      flatRates.map(([plan, dollars, requests]) => [
        plan,
        toDollars(dollars),
        `${toNumber(requests / 1e6)} M`,
        toDollars(priceOf(prices, "edgeRequests", requests)),
      ]),
    ),
    "A polling client asks some 180 times an hour; one that upgrades five times in its life. Whether the frames of a WebSocket count as requests, or its upgrade alone, AWS does not say: ask before a plan is chosen. The stack attaches no plan, which in CloudFormation is `AWS::PricingPlanManager::Subscription`.",
    "## By cause",
    "10,000 clients:",
    toCauses(
      Object.entries(workloads).map(([name, workload]) => [
        name,
        reckon({ ...workload, connections: 10_000 }),
      ]),
    ),
    "## Assumptions",
    [
      `- A run of the inbox takes ${a.turnMs} ms of ${a.inboxGb} GB, for a pong ${a.pongMs} ms, and ${a.postMs} ms more for each ${a.postsAtOnce} posts; the authorizer ${a.authorizeMs} ms; handlers of the app as long as \`--handler-ms\` says.`,
      `- Processor time is measured, waits are not: of these, ${toShare(a.measured.eventCpuMs)} ms are CPU for an event with its answer, and ${toShare(a.measured.postCpuMs * a.postsAtOnce)} ms for ${a.postsAtOnce} posts. \`npm run bench:function\` takes ${a.measured.eventCpuMs} ms for the one and ${a.measured.postCpuMs} ms for a post on a whole processor, of which ${a.inboxGb} GB has [${(a.inboxGb / a.measured.vcpuGb).toFixed(2)}](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). The rest waits for the table and the gateway.`,
      `- Every frame is a batch of its own: ${a.queueRequestsPerFrame} requests to the queue and one run. Under load, up to ten frames share two of the three and the run. Pongs do without load: those of one walk of the heartbeat come back together, ${a.pongsPerBatch.map(([pings, perBatch]) => `of ${toNumber(pings)} ${perBatch}`).join(", ")} in a batch, as \`npm run bench:pongs\` counts on the local queue, with five batches at once.`,
      `- One run in ${1 / a.coldStarts} begins with a cold start of ${a.coldStartMs} ms, ${toShare(a.measured.coldStartCpuMs).replace(/\..*/, "")} of which are CPU up to the first answer by the same measure; it [is billed since August 2025](https://aws.amazon.com/blogs/compute/aws-lambda-standardizes-billing-for-init-phase/).`,
      `- A run logs ${a.platformLogBytes} bytes, and ${a.metricsLogBytes} of metrics, one that ends a connection ${a.closeLogBytes} more; there are ${a.customMetrics} metrics. $connect and $disconnect are not metered as messages. A packet has ${a.frameBytes} bytes around it.`,
      `- A timer of \`io.timer\` is set for less than 15 minutes, and its alarm is a batch of its own: ${a.alarmRequestsPerRing} requests more, and a run of ${a.pongMs} ms.`,
      `- The two workloads ask for no routes of the app's own; with \`--routes\`, a request takes ${a.turnMs} ms of ${a.inboxGb} GB and what \`--handler-ms\` says, and answers ${toNumber(a.routeBytes)} bytes; what it asks the table for, as an emit does, is not in it.`,
      `- The alternative: containers of ${a.containerVcpu} vCPU and ${a.containerGb} GB on Fargate, arm64, each for ${toNumber(a.connectionsPerContainer)} connections and ${toNumber(a.packetsPerContainerSecond)} packets a second; at least ${a.containers}, and as many as the busiest hour needs, which has twice the average (\`--peak\`). An Application Load Balancer, a Redis of one small node for each ${toNumber(a.redisDeliveriesPerSecond)} packets a second published to containers, public addresses of all, data transfer with pings every 25 s. Without logs, alarms, traffic between zones, a second Redis, or the people who look after it.`,
    ].join("\n"),
    "## Prices",
    `From ${[...new Set(meters.map((meter) => prices.meters[meter].source))].map((url) => `<${url}>`).join(", ")}. Another region or day: \`--prices FILE\`, a file like \`infra/cost/prices-us-east-1.json\`.`,
    "Looked up again on 2026-11-28: as far as a search could read them, these pages describe what is metered and leave the rates out, which a browser's script fills in; those of Lambda and DynamoDB were read so. Of API Gateway two other people's guides of 2025 and 2026 say the rates that are used here. The other meters were not confirmed a second time. No page read that day contradicts one.",
  ].join("\n\n");
}

/** With how many clients the containers begin to be cheaper, to two digits. */
function breakEven(reckon: (workload: Workload) => Comparison, workload: Workload): number {
  const isCheaper = (connections: number): boolean => {
    const { dollars, alternative } = reckon({ ...workload, connections });
    return dollars <= alternative.dollars;
  };
  let [least, most] = [0, 10_000_000];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (isCheaper(middle)) least = middle;
    else most = middle;
  }
  return Number(least.toPrecision(2));
}

function toSizes(comparisons: readonly Comparison[]): string {
  return toTable(
    ["clients", "nonsticky", "containers", "of them", "most of it goes to"],
    comparisons.map(({ workload, dollars, byCause, alternative }) => [
      toNumber(workload.connections),
      toDollars(dollars),
      toDollars(alternative.dollars),
      toNumber(alternative.containers),
      largest(byCause),
    ]),
  );
}

function largest(byCause: Readonly<Record<Cause, number>>): string {
  const all = causes.reduce((sum, cause) => sum + byCause[cause], 0);
  const [first = "at rest"] = [...causes].sort((one, other) => byCause[other] - byCause[one]);
  return `${first} (${Math.round((byCause[first] / all) * 100)} %)`;
}

function toCauses(comparisons: readonly (readonly [string, Comparison])[]): string {
  return toTable(
    ["cause", ...comparisons.map(([name]) => name)],
    causes.map((cause) => [cause, ...comparisons.map(([, { byCause }]) => toDollars(byCause[cause]))]),
  );
}

/** The first column is text, and a last one that holds any; the others are numbers. */
function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumeric = head.map((_, column) => rows.every((row) => /^[\d,.]+$/.test(row[column] ?? "")));
  const widths = head.map((title, column) =>
    Math.max(3, ...[title, ...rows.map((row) => row[column] ?? "")].map(({ length }) => length)),
  );
  const toRow = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => pad(cell, widths[column] ?? 0, isNumeric[column] ?? false)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isNumeric[column] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [toRow(head), `| ${rule.join(" | ")} |`, ...rows.map(toRow)].join("\n");
}

const pad = (text: string, width: number, isNumber: boolean): string =>
  isNumber ? text.padStart(width) : text.padEnd(width);

/** Milliseconds of a whole processor, as they pass with the share of one that the inbox has. */
const toShare = (cpuMs: number): string => ((cpuMs * a.measured.vcpuGb) / a.inboxGb).toFixed(1);
