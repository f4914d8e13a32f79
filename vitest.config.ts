import { defineConfig } from "vitest/config";

/** The soak suites take minutes: `NONSTICKY_SOAK=1` runs them, and them alone. */
const soak = Boolean(process.env.NONSTICKY_SOAK);

/** With those that would make `npm test` long: whole stacks with a fault each, loads, ten thousand schedules. */
const long = [
  "test/soak/**/*.test.ts",
  "test/verify/verify.test.ts",
  "test/verify/direct.test.ts",
  "test/differential/recovery.test.ts",
  "test/differential/forged-offsets.test.ts",
  "test/examples/timers.test.ts",
  "test/e2e/admin-ui.test.ts",
  "test/local/dev.test.ts",
  "test/infra/monitoring.test.ts",
  "test/infra/parameters.test.ts",
  "test/differential/sdk.test.ts",
  "test/e2e/chat.test.ts",
  "test/e2e/inspector.test.ts",
  "test/e2e/flood.test.ts",
  "test/e2e/outages.test.ts",
  "test/e2e/emit-policy.test.ts",
  "test/e2e/offline.test.ts",
  "test/e2e/offline-routes.test.ts",
  "test/e2e/order.test.ts",
  "test/e2e/tic-tac-toe.test.ts",
  "test/e2e/parked-polls.test.ts",
  "test/e2e/sessions-command.test.ts",
  "test/untouched/packaged.test.ts",
  "test/untouched/wrong-app.test.ts",
  "test/model/polling-close.test.ts",
  "test/model/recovery.test.ts",
  "test/model/released-data.test.ts",
  "test/model/released-join.test.ts",
  "test/model/rooms/room-events.test.ts",
  "test/e2e/timers.test.ts",
  "test/untouched/whole-app.test.ts",
  "test/migrating/kept-stack.test.ts",
  "test/keep/bundle.test.ts",
];

/** Two thousand hostile sessions: `NONSTICKY_ABUSE=1` plays them, and nothing else. */
const abuse = Boolean(process.env.NONSTICKY_ABUSE);
const storms = ["test/abuse/storm.test.ts"];

/** Packages are read from their sources, as the functions' bundler does. */
const conditions = ["nonsticky-source"];

export default defineConfig({
  resolve: { conditions: [...conditions, "module", "node", "development|production"] },
  // Without "module": Node would be given builds of the SDK that only a bundler can read.
  ssr: { resolve: { conditions: [...conditions, "node", "development|production"] } },
  test: {
    include: abuse ? storms : soak ? long : ["test/**/*.test.ts"],
    exclude: abuse || soak ? [] : [...long, ...storms],
    pool: "forks",
    // Suites that start a whole stack start several processes each.
    maxWorkers: 2,
    testTimeout: soak || abuse ? 600_000 : 40_000,
    hookTimeout: soak ? 120_000 : 60_000,
    teardownTimeout: 10_000,
    // The SDK announces on every start when it will drop this version of Node.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
