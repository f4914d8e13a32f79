import { describe, it } from "vitest";
import type { Sid } from "../../../lib/ids.ts";
import type { AwsClient, Command } from "../../../lib/requests/aws-client.ts";
import { createDynamoStore } from "../../../lib/state/dynamo/dynamo-store.ts";
import type { RoomShardsOptions } from "../../../lib/state/dynamo/room-shards.ts";
import type { Store } from "../../../lib/state/store.ts";
import { collect, createOwnedClock, handshakeOf, memberOf, sessionOf, sidOf } from "../../state/fixtures.ts";
import { MemoryTable, type Row } from "../../support/memory-table.ts";
import type { Model } from "../explorer.ts";
import { reads, writes, type Schedule, type Touch } from "../schedule.ts";
import { expectSafe, expectViolated, MODEL_TIMEOUT_MS } from "../verify.ts";

/** Looks beside each join, and spreads a room of one. */
const early: RoomShardsOptions = { outgrownAt: 0, lookEvery: 1 };
const late: RoomShardsOptions = { lookEvery: Infinity };

interface Requests {
  readonly Key?: Row;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>>;
  readonly RequestItems?: Readonly<
    Record<string, readonly { PutRequest?: { Item: Row }; DeleteRequest?: { Key: Row } }[]>
  >;
}

/** What a careless instance makes of a request; undefined: nothing else. */
type Careless = (action: string, perform: () => Promise<object>) => Promise<object> | undefined;

class Scene {
  readonly table = new MemoryTable();
  readonly #schedule: Schedule;
  readonly #isBackwards: boolean;
  readonly #clock = createOwnedClock();
  /** Of whom it has been said that they are in the room, or that they have left it. */
  readonly #said = new Set<Sid>();
  readonly complaints: string[] = [];

  /** The rows of a batch are written in the order of the batch, or the other way round. */
  constructor(schedule: Schedule, isBackwards = false) {
    this.#schedule = schedule;
    this.#isBackwards = isBackwards;
  }

  /** An instance, each of whose requests is a step, one after the other, and each row of a batch one of its own. */
  open(process: string, roomShards: RoomShardsOptions, careless?: Careless): Store {
    const { table } = this;
    const schedule = this.#schedule;
    let sent: Promise<unknown> = Promise.resolve();
    const step = <Output extends object>(command: Command<object, Output>, touch: Touch) => {
      const perform = () => table.send(command);
      const act = async () => ((await careless?.(command.action, perform)) ?? (await perform())) as Output;
      const done = sent.then(() => schedule.step(process, `${command.action} ${touch.what}`, [touch], act));
      sent = done;
      return done;
    };
    const client = {
      send: async (command: Command<object, object>) => {
        const input = command.input as Requests;
        if (command.action === "Query") {
          const pk = String(input.ExpressionAttributeValues?.[":pk"]);
          return step(command, reads(pk));
        }
        if (input.Key !== undefined) {
          const { pk, sk } = input.Key;
          return step(command, command.action === "GetItem" ? reads(pk, sk) : writes(pk, sk));
        }
        const [[name, rows] = ["", []]] = Object.entries(input.RequestItems ?? {});
        await Promise.all(
          (this.#isBackwards ? rows.toReversed() : rows).map((row) => {
            const { pk = "", sk = "" } = row.PutRequest?.Item ?? row.DeleteRequest?.Key ?? {};
            const one = { ...command, input: { RequestItems: { [name]: [row] } } } as Command<object, object>;
            return step(one, writes(pk, sk));
          }),
        );
        return {};
      },
      region: () => table.region(),
      destroy: () => undefined,
    };
    return createDynamoStore({
      client: client as unknown as AwsClient,
      tableName: "table",
      clock: this.#clock,
      roomShards,
    });
  }

  /** Before anything happens. */
  setUp(roomShards: RoomShardsOptions): Store {
    return createDynamoStore({ client: this.table, tableName: "table", clock: this.#clock, roomShards });
  }

  run(process: string, script: () => Promise<void>): void {
    this.#schedule.run(process, script);
  }

  /** Whoever reads later may have been told by whoever was told so. */
  say(process: string, sid: Sid): Promise<void> {
    return this.#schedule.step(process, `says ${sid}`, [writes("said")], () => void this.#said.add(sid));
  }

  /** Lists the room, and complains of whoever was said to be in it and is not listed. */
  async listen(
    process: string,
    store: Store,
    isWrong: (sid: Sid, listed: readonly Sid[]) => boolean,
  ): Promise<void> {
    const said = await this.#schedule.step(process, "hears", [reads("said")], () => [...this.#said]);
    const listed = (await collect(store.listRoomMembers("/", "lobby"))).map(({ sid }) => sid);
    const wrong = said.filter((sid) => isWrong(sid, listed));
    if (wrong.length > 0) this.complaints.push(`${process}: wrong about ${wrong.length}`);
  }
}

const isMissed = (sid: Sid, listed: readonly Sid[]): boolean => !listed.includes(sid);
const isThere = (sid: Sid, listed: readonly Sid[]): boolean => listed.includes(sid);

interface Joining {
  readonly isBackwards?: boolean;
  readonly joiner?: (schedule: Schedule) => Careless;
  readonly reader?: Careless;
}

/** A room of one, which an instance marks beside its first join and spreads with its second, and who reads meanwhile. */
const joinWhileRead =
  ({ isBackwards, joiner, reader }: Joining = {}): Model =>
  async (schedule) => {
    const scene = new Scene(schedule, isBackwards);
    await scene.setUp(late).joinRooms("/", memberOf(0), ["lobby"]);
    scene.run("joiner", async () => {
      const store = scene.open("joiner", early, joiner?.(schedule));
      for (const index of [1, 2]) {
        await store.joinRooms("/", memberOf(index), ["lobby"]);
        await scene.say("joiner", sidOf(index));
      }
    });
    scene.run("reader", () => scene.listen("reader", scene.open("reader", late, reader), isMissed));
    return () => scene.complaints[0];
  };

/** A member of a shard leaves, and another joins, on instances that have known of no shards; who reads meanwhile. */
const leaveWhileRead =
  (leave: (store: Store, sid: Sid) => Promise<void>, isBackwards = false): Model =>
  async (schedule) => {
    const scene = new Scene(schedule, isBackwards);
    const before = scene.setUp(early);
    for (const index of [0, 1, 2]) {
      await before.createSession(sessionOf(sidOf(index)), handshakeOf());
      await before.joinRooms("/", memberOf(index), ["lobby"]);
    }
    scene.run("leaver", async () => {
      await leave(scene.open("leaver", late), sidOf(2));
      await scene.say("leaver", sidOf(2));
    });
    scene.run("joiner", () => scene.open("joiner", late).joinRooms("/", memberOf(3), ["lobby"]));
    scene.run("reader", () => scene.listen("reader", scene.open("reader", late), isThere));
    return async () => {
      if (scene.complaints.length > 0) return scene.complaints[0];
      const left = (await collect(scene.setUp(late).listRoomMembers("/", "lobby"))).map(({ sid }) => sid);
      return left.length === 3 ? undefined : `expected three members at the end, got ${left.length}`;
    };
  };

describe("a room that gets shards", { timeout: MODEL_TIMEOUT_MS }, () => {
  it("is heard of by whoever reads after a join was acknowledged, whatever any instance knew", async () => {
    await expectSafe("joins beside a reader", joinWhileRead());
    await expectSafe("joins beside a reader, rows backwards", joinWhileRead({ isBackwards: true }));
  });

  it("would lose members who were put into a shard before the room was marked", async () => {
    const marksLater =
      (schedule: Schedule): Careless =>
      (action, perform) => {
        if (action !== "UpdateItem") return undefined;
        void schedule.step("mark", "lands late", [writes("room#1:/5:lobby", "!")], perform);
        return Promise.resolve({});
      };
    await expectViolated("marked later", joinWhileRead({ joiner: marksLater }), "reader: wrong about");
  });

  it("would lose members to a reader who does not look at the mark", async () => {
    const blind: Careless = async (action, perform) => {
      const { Items = [], ...rest } = (await perform()) as { Items?: Row[] };
      return action === "Query" ? { ...rest, Items: Items.filter(({ sk }) => sk !== "!") } : { ...rest };
    };
    await expectViolated("a blind reader", joinWhileRead({ reader: blind }), "reader: wrong about");
  });

  it("is left by whoever leaves it, by their own rows or from afar", async () => {
    for (const isBackwards of [false, true]) {
      const inTurn = async (store: Store, sid: Sid) => {
        await store.loadSession(sid, { handshake: false });
        await store.leaveRooms("/", sid, ["lobby"]);
      };
      const fromAfar = async (store: Store, sid: Sid) => {
        await store.learnShards("/", ["lobby"]);
        await store.leaveRooms("/", sid, ["lobby"], undefined, true);
      };
      await expectSafe("leaving in their turn", leaveWhileRead(inTurn, isBackwards));
      await expectSafe("leaving from afar", leaveWhileRead(fromAfar, isBackwards));
    }
  });

  it("would keep members whom somebody takes out who has not read where they are", async () => {
    await expectViolated(
      "leaving blindly",
      leaveWhileRead((store, sid) => store.leaveRooms("/", sid, ["lobby"], undefined, true)),
      /wrong about|expected three members/,
    );
  });
});
