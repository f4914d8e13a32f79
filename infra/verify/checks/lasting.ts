import { nameCloseCode } from "../../close-codes.ts";
import type { Check } from "../check.ts";
import { judge, notChecked } from "../outcome.ts";

const noops: Check = {
  id: "noops",
  title: "a connection that is kept open by noops alone",
  assumption:
    "frames from the server count as activity: it is open after three times API Gateway's idle time",
  usedIn: ["lib/engine/heartbeat/heartbeat.ts", "docs/semantics.md"],
  needs: ["app", "long"],
  async run(stage) {
    const { idleMs } = stage.limits;
    const wire = await stage.open({}, { answersPings: false });
    const { pingInterval } = JSON.parse(wire.frames[0]?.text.slice(1) ?? "{}") as { pingInterval: number };
    if (pingInterval <= idleMs) {
      return notChecked(
        `the stage pings every ${pingInterval / 1000} s, before the idle time is over: deploy one with heartbeat=economy`,
      );
    }
    // No CONNECT in time would end the session.
    await stage.enter(wire);
    const waitMs = Math.min(3 * idleMs, pingInterval);
    const end = await wire.ended(waitMs);
    const kinds = [...new Set(wire.frames.slice(2).map(({ text }) => text))].join(" ");
    const minutes = (ms: number) => `${Math.round(ms / 6_000) / 10} min`;
    return end === undefined
      ? judge(true, `open after ${minutes(waitMs)}; frames since: ${kinds}`)
      : judge(false, `close ${nameCloseCode(end.code)} after ${minutes(end.atMs - wire.openedAtMs)}`);
  },
};

const age: Check = {
  id: "age",
  title: "the end of a connection that lasts",
  assumption: "the server closes it with 1000 after 110 to 119 minutes, before API Gateway does after 120",
  usedIn: ["lib/engine/heartbeat/heartbeat.ts", "docs/semantics.md"],
  needs: ["app", "long"],
  async run(stage) {
    const [least, most] = stage.limits.ageMs;
    const { wire } = await stage.join();
    const end = await wire.ended(most + most / 10);
    const minutes = (ms: number) => `${Math.round(ms / 6_000) / 10} min`;
    if (end === undefined) return judge(false, `still open after ${minutes(most + most / 10)}`);
    const tookMs = end.atMs - wire.openedAtMs;
    return judge(
      end.code === 1000 && tookMs >= least && tookMs <= most,
      `close ${nameCloseCode(end.code)} after ${minutes(tookMs)}`,
    );
  },
};

export const lastingChecks: readonly Check[] = [noops, age];
