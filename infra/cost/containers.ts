import { assumptions } from "./assumptions.ts";
import type { Usage } from "./prices.ts";
import { toGb } from "./usage.ts";
import type { Workload } from "./workload.ts";

/** The usual alternative: containers behind a load balancer with sticky sessions, and a Redis between them. */
export interface Alternative {
  readonly containers: number;
  readonly redisNodes: number;
  readonly usage: Usage;
}

const HOUR_SECONDS = 3_600;
const {
  hoursPerMonth,
  connectionsPerContainer,
  packetsPerContainerSecond,
  redisDeliveriesPerSecond,
  frameBytes,
} = assumptions;

/** As many containers as the busiest hour needs, all month long; the rest by what happens on the average. */
export function reckonContainers(workload: Workload): Alternative {
  const { connections, inPerHour, outPerHour, acked, fanOut, bytes, sessionMinutes, peak } = workload;
  const pingsPerHour = (HOUR_SECONDS * 1_000) / assumptions.officialPingIntervalMs;
  const packetsPerHour = inPerHour * (1 + acked) + outPerHour + 2 * pingsPerHour;
  const emitsPerSecond = (connections * outPerHour) / fanOut / HOUR_SECONDS;
  const containers = Math.max(
    assumptions.containers,
    Math.ceil((connections * peak) / connectionsPerContainer),
    Math.ceil((connections * packetsPerHour * peak) / HOUR_SECONDS / packetsPerContainerSecond),
  );
  const redisNodes = Math.max(1, Math.ceil((emitsPerSecond * peak * containers) / redisDeliveriesPerSecond));

  const sessionsPerHour = (connections * 60) / sessionMinutes;
  const egressGbPerHour = toGb(
    connections *
      (outPerHour * (bytes + frameBytes) +
        inPerHour * acked * (assumptions.ackBytes + frameBytes) +
        workload.routesPerHour * assumptions.routeBytes +
        pingsPerHour * (1 + frameBytes)) +
      sessionsPerHour * assumptions.connectBytes,
  );
  const ingressGbPerHour = toGb(
    connections * (inPerHour * (bytes + frameBytes) + pingsPerHour * (1 + frameBytes)),
  );
  const capacityUnits = Math.max(
    sessionsPerHour / HOUR_SECONDS / assumptions.newConnectionsPerCapacityUnit,
    connections / assumptions.openConnectionsPerCapacityUnit,
    egressGbPerHour + ingressGbPerHour,
  );
  return {
    containers,
    redisNodes,
    usage: {
      containerVcpuHours: hoursPerMonth * containers * assumptions.containerVcpu,
      containerGbHours: hoursPerMonth * containers * assumptions.containerGb,
      loadBalancerHours: hoursPerMonth,
      loadBalancerCapacityHours: hoursPerMonth * capacityUnits,
      redisHours: hoursPerMonth * redisNodes,
      addressHours: hoursPerMonth * (containers + assumptions.loadBalancerAddresses),
      egressGb: hoursPerMonth * egressGbPerHour,
    },
  };
}
