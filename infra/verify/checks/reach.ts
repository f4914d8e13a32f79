import { resolve6 } from "node:dns/promises";
import { isIP } from "node:net";
import { nameCloseCode } from "../../close-codes.ts";
import type { Check } from "../check.ts";
import { judge, notChecked } from "../outcome.ts";

const dualStack: Check = {
  id: "dual-stack",
  title: "the addresses that the APIs' names have",
  assumption: "each has one of IPv6, so that clients without IPv4 connect",
  usedIn: ["infra/api.yml", "infra/http-api.yml"],
  needs: [],
  async run({ options: { url, pollUrl, resolve = resolve6 } }) {
    const hosts = [url, pollUrl].flatMap((each) => (each === undefined ? [] : [new URL(each).hostname]));
    const names = [...new Set(hosts)].filter((host) => isIP(host) === 0);
    if (names.length === 0) return notChecked(`${[...new Set(hosts)].join(", ")} is an address, not a name`);
    const found = await Promise.all(names.map(async (name) => resolve(name).catch(() => [])));
    const without = names.filter((_, index) => found[index]?.length === 0);
    const came = without.length === 0 ? found.flat().join(", ") : `none of ${without.join(", ")}`;
    return judge(without.length === 0, came);
  },
};

const SENDERS = 5;

const throttled: Check = {
  id: "throttled",
  title: "more frames at once than the stage takes",
  assumption: "each is handled, or its connection is closed with 1008: none is lost without a word",
  usedIn: ["infra/stages.yml", "docs/semantics.md"],
  needs: ["app"],
  async run(stage) {
    const { flood } = stage.options;
    if (flood === undefined)
      return notChecked(
        "takes what the stage has for all of its clients: give --flood with a number of frames",
      );
    const each = Math.ceil(flood / SENDERS);
    const peers = await Promise.all(Array.from({ length: SENDERS }, () => stage.join()));
    for (let number = 0; number < each; number += 1) for (const peer of peers) peer.emit("count", number);
    const patienceMs = stage.limits.patienceMs + each * 60;
    const ends = await Promise.all(
      peers.map(async (peer) => {
        const asked = peer.askFor(patienceMs, "counted").then(
          ({ value }) => each - (value as { received: number }).received,
          () => each,
        );
        const missing = await Promise.race([asked, peer.wire.ended(patienceMs).then(() => each)]);
        return { missing, code: peer.wire.end?.code };
      }),
    );
    const closed = ends.flatMap(({ code }) => code ?? []);
    const lost = ends.filter(({ code }) => code === undefined).reduce((sum, { missing }) => sum + missing, 0);
    const codes = [...new Set(closed)].map(nameCloseCode).join(" and ");
    const came =
      `${closed.length} of ${SENDERS} connections closed${closed.length === 0 ? "" : ` with ${codes}`}, ` +
      `${lost} frames missing on the others`;
    return judge(lost === 0 && closed.every((code) => code === 1008), came);
  },
};

export const reachChecks: readonly Check[] = [dualStack, throttled];
