import { describe } from "vitest";
import { describeAcks } from "./contract/acks.ts";
import { describeBeats } from "./contract/beats.ts";
import { describeChildren } from "./contract/children.ts";
import { describeDeployments } from "./contract/deployments.ts";
import { describeLeases } from "./contract/leases.ts";
import { describeLive } from "./contract/live.ts";
import { describeLogs } from "./contract/logs.ts";
import type { MakeStore } from "./contract/make-store.ts";
import { describeMembers } from "./contract/members.ts";
import { describeNames } from "./contract/names.ts";
import { describeOutboxes } from "./contract/outboxes.ts";
import { describePace } from "./contract/pace.ts";
import { describeRecovery } from "./contract/recovery.ts";
import { describeRooms } from "./contract/rooms.ts";
import { describeSessions } from "./contract/sessions.ts";
import { describeOwned } from "./contract/owned.ts";
import { describeShared } from "./contract/shared.ts";
import { describeSockets } from "./contract/sockets.ts";
import { describeUpgrades } from "./contract/upgrades.ts";

/** What every implementation of `Store` has to be, whatever it is made of. */
export function describeStoreContract(name: string, makeStore: MakeStore): void {
  describe(`${name} keeps the contract of the store`, () => {
    describe("sessions", () => describeSessions(makeStore));
    describe("sockets", () => describeSockets(makeStore));
    describe("outboxes", () => describeOutboxes(makeStore));
    describe("upgrades", () => describeUpgrades(makeStore));
    describe("members", () => describeMembers(makeStore));
    describe("rooms that are counted", () => describeRooms(makeStore));
    describe("names", () => describeNames(makeStore));
    describe("beats and sweeps", () => describeBeats(makeStore));
    describe("child namespaces", () => describeChildren(makeStore));
    describe("answers", () => describeAcks(makeStore));
    describe("private ids and holds", () => describeRecovery(makeStore));
    describe("logs", () => describeLogs(makeStore));
    describe("leases", () => describeLeases(makeStore));
    describe("shared maps", () => describeShared(makeStore));
    describe("entries with an owner", () => describeOwned(makeStore));
    describe("live values", () => describeLive(makeStore));
    describe("the pace of posts", () => describePace(makeStore));
    describe("deployments", () => describeDeployments(makeStore));
  });
}
