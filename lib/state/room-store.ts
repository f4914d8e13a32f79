import type { Sid, SocketId } from "../ids.ts";
import type { Member } from "./records.ts";

/**
 * Rooms that are counted, because somebody listens to them: those of sockets whose row says `counted`. Row and number
 * change together or not at all, so of all who enter an empty room one has made it, and of all who leave it one has
 * emptied it. What is not counted is in rooms by `joinRooms`, and in nobody's number.
 */
export interface RoomStore {
  /**
   * Membership, `joined` and the number of members, IF the socket is not in the room. One transaction, behind a read
   * unless it is the socket's own room; more of them where others come and go meanwhile.
   */
  enterRoom(entry: RoomEntry): Promise<"created" | "joined" | "present">;
  /** The opposite of `enterRoom`, IF the socket is in the room. */
  exitRoom(exit: RoomExit): Promise<"deleted" | "left" | "absent">;
  /**
   * What a letter has changed in rooms, in order: noted with each change, for whoever is handed the letter again after
   * a crash. One read. The notes expire.
   */
  listRoomNotes(letterId: string): Promise<readonly RoomNote[]>;
  /** How many are in a room; undefined: in the namespace. Reads them all, a request for each MB, and sends none. */
  countMembers(nsp: string, room: string | undefined): Promise<number>;
}

export interface RoomEntry extends RoomChange {
  readonly member: Member;
  readonly joinedAtMs?: number;
  /** As of `joinRooms`. */
  readonly rank?: number;
}

export interface RoomExit extends RoomChange {
  /** By the close of its session, whose rows keep what it has `joined`: its client may get that back. */
  readonly byClose?: boolean | undefined;
  /** Of the socket's own room, whose row in `joined` then says that it was left. */
  readonly isOwnLeft?: boolean | undefined;
  readonly sid: Sid;
  readonly socketId: SocketId;
}

interface RoomChange {
  readonly nsp: string;
  /** The dynamic namespace that this is a child of, for the note. */
  readonly parent?: string | undefined;
  readonly room: string;
  /** The letter that the change is noted for; undefined: it is not noted, for nobody would come again. */
  readonly letterId?: string | undefined;
}

export type RoomTurn = "created" | "joined" | "left" | "deleted";

export interface RoomNote {
  readonly nsp: string;
  readonly parent?: string;
  readonly room: string;
  readonly socketId: SocketId;
  readonly change: RoomTurn;
}
