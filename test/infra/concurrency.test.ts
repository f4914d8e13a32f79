import { createRequire } from "node:module";
import { beforeAll, describe, expect, it } from "vitest";
import { warnOfConcurrency } from "../../infra/concurrency-warning.js";
import { COMPILE_TIMEOUT_MS, compileTemplate, propertiesOf, resourcesOf } from "./compile.ts";

interface Shares {
  readonly poll: number | null;
  readonly inbox: number | null;
  readonly mapping: number | null;
  readonly pollCapacity: number;
}

const share = createRequire(import.meta.url)("../../infra/concurrency.cjs") as (framework: {
  readonly resolveVariable: (name: string) => Promise<unknown>;
}) => Promise<Shares>;

/** What comes of parameters, as the framework asks for it. */
const sharesOf = ({
  concurrency = "",
  pollConcurrency = "",
  inboxConcurrency = "",
  mailboxPollers = "",
}: Params) => {
  const values: Readonly<Record<string, string>> = {
    "self:custom.concurrencyQuota": concurrency,
    "self:custom.pollConcurrency": pollConcurrency,
    "self:custom.inboxConcurrency": inboxConcurrency,
    "self:custom.mailboxPollers": mailboxPollers,
  };
  return share({ resolveVariable: async (name) => values[name] });
};

type Param = "concurrency" | "pollConcurrency" | "inboxConcurrency" | "mailboxPollers";
type Params = Readonly<Partial<Record<Param, string>>>;

describe("the executions that a stage may count on", () => {
  it.each<[what: string, params: Params, poll: number | null, inbox: number | null, capacity: number]>([
    ["unknown: nothing is reserved, an account may have no more than ten", {}, null, null, 4],
    ["ten: the same", { concurrency: "10" }, null, null, 4],
    ["too few to divide", { concurrency: "199" }, null, null, 79],
    ["the least that is divided", { concurrency: "200" }, 40, 40, 40],
    ["an account's thousand", { concurrency: "1000" }, 360, 360, 360],
    ["given one by one", { pollConcurrency: "50", inboxConcurrency: "70" }, 50, 70, 50],
    ["given one by one, beside the rest", { concurrency: "1000", pollConcurrency: "50" }, 50, 360, 50],
  ])("are %s", async (_, params, poll, inbox, pollCapacity) => {
    expect(await sharesOf(params)).toEqual({ poll, inbox, mapping: inbox, pollCapacity });
  });

  it("are shared within what Lambda takes for the mapping's limit, whatever is reserved", async () => {
    expect(await sharesOf({ inboxConcurrency: "1" })).toMatchObject({ inbox: 1, mapping: 2 });
    expect(await sharesOf({ concurrency: "10000" })).toMatchObject({ inbox: 3960, mapping: 1000 });
  });

  it("are no limit of a mapping that has pollers of its own, for Lambda takes one or the other", async () => {
    expect(await sharesOf({ concurrency: "1000", mailboxPollers: "2" })).toMatchObject({
      inbox: 360,
      mapping: null,
    });
  });

  it("leave Lambda the hundred that it insists on, and a fifth of the rest for handshakes and pings", async () => {
    for (const concurrency of [200, 1000, 10_000]) {
      const { poll, inbox } = await sharesOf({ concurrency: String(concurrency) });

      expect(concurrency - (poll ?? 0) - (inbox ?? 0)).toBeGreaterThan(100 + 0.19 * (concurrency - 100));
    }
  });

  it.each(["0", "many", "-3", "1.5"])("are not %s", async (concurrency) => {
    await expect(sharesOf({ concurrency })).rejects.toThrow(
      `expected the parameter concurrency to be a whole number above zero, got ${concurrency}`,
    );
  });
});

describe("the template", () => {
  it.each(["fifo", "direct"] as const)(
    "reserves them in %s ordering, and no more batches are taken than may run",
    async (ordering) => {
      const [plain, shared] = await Promise.all([
        compileTemplate({ stage: "dev", ordering }),
        compileTemplate({ stage: "dev", ordering, params: { concurrency: "1000" } }),
      ]);

      for (const name of ["Poll", "Inbox"]) {
        expect(propertiesOf(plain, `${name}LambdaFunction`)).not.toHaveProperty(
          "ReservedConcurrentExecutions",
        );
        expect(propertiesOf(shared, `${name}LambdaFunction`).ReservedConcurrentExecutions).toBe(360);
      }
      const capacities = [plain, shared].map(
        (template) =>
          propertiesOf(template, "PollLambdaFunction").Environment.Variables.NONSTICKY_POLL_CAPACITY,
      );
      expect(capacities.map(String)).toEqual(["4", "360"]);
      const limits = [plain, shared].map(
        (template) => resourcesOf(template, "AWS::Lambda::EventSourceMapping")[0]?.Properties.ScalingConfig,
      );
      expect(limits).toEqual([undefined, ordering === "fifo" ? { MaximumConcurrency: 360 } : undefined]);
    },
    COMPILE_TIMEOUT_MS,
  );
});

describe("the warning before a deployment", () => {
  const warn = async (reserved: number | undefined, ask: () => Promise<number | undefined>) => {
    const lines: string[] = [];
    const service = { getFunction: () => ({ reservedConcurrency: reserved }) };
    await warnOfConcurrency({ service }, { warning: (text) => lines.push(text) }, ask);
    return lines;
  };
  let asked = 0;
  beforeAll(() => (asked = 0));

  it("does not come, and nobody is asked, where executions are reserved", async () => {
    expect(await warn(360, async () => ++asked)).toEqual([]);
    expect(asked).toBe(0);
  });

  it.each([
    ["what the account has", async () => 1000, "This account may run 1000 at once: give the stage its part"],
    [
      "that the account has too few",
      async () => 10,
      "This account may run 10 at once, too few to reserve any",
    ],
    [
      "that nobody knows",
      () => Promise.reject(new Error("no credentials")),
      "The account's quota is unknown here",
    ],
    ["that Lambda does not tell", async () => undefined, "The account's quota is unknown here"],
  ])("says %s", async (_, ask, text) => {
    const [line, ...more] = await warn(undefined, ask);

    expect(line).toContain("no executions are reserved for the inbox");
    expect(line).toContain(text);
    expect(more).toEqual([]);
  });
});
