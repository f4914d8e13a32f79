import { expect, it } from "vitest";
import { metrics } from "../../lib/metrics.ts";
import { read } from "./markdown.ts";

const rows = read("docs/observability.md")
  .split("\n## Metrics\n")[1]!
  .split("\n## ")[0]!
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").map((cell) => cell.trim()));

it.each(Object.entries(metrics))("docs/observability.md has the unit and dimension of %s", (name, metric) => {
  const own = rows.filter(([, names = ""]) =>
    [...names.matchAll(/`([A-Za-z]+)`/g)].some(([, one = ""]) => one.startsWith(name)),
  );

  expect(own).toHaveLength(1);
  const [, , unit, dimension] = own[0]!;
  expect(unit).toBe(metric.unit === "Milliseconds" ? "ms" : "Count");
  expect(dimension).toBe("dimension" in metric ? `\`${metric.dimension}\`` : "");
});

it("docs/observability.md has no other metric", () => {
  const documented = rows.flatMap(([, names = ""]) =>
    [...names.matchAll(/`([A-Z][A-Za-z]+)`/g)].map(([, one = ""]) => one),
  );

  const unknown = documented.filter((one) => !Object.keys(metrics).some((name) => one.startsWith(name)));
  expect(documented.length).toBeGreaterThan(15);
  expect(unknown).toEqual([]);
});
