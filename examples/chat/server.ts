import { randomUUID } from "node:crypto";
import { Server } from "nonsticky";
import { installVerification } from "nonsticky/verify";
import {
  isMessageId,
  maxNicknameLength,
  maxRoomNameLength,
  maxRoomsPerPerson,
  maxTextLength,
  toNickname,
  toRoomName,
  toText,
} from "./events.ts";
import type { ClientToServer, Person, ServerToClient, SocketData } from "./events.ts";

export const io = new Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>();

// For `npm run verify:aws`; without a token in the stage's parameters there is no such thing.
installVerification(io);

/** Names this process in its answers. Not the pid: in Lambda, every instance may have the same. */
const instance = randomUUID();

const badNickname = `A name has 1 to ${maxNicknameLength} characters.`;
const badRoom = `A room name has 1 to ${maxRoomNameLength} letters, digits and hyphens.`;
const badText = `A message has 1 to ${maxTextLength} characters.`;
const tooManyRooms = `You can be in ${maxRoomsPerPerson} rooms at once. Leave one first.`;
const notInRoom = "You are not in this room.";
const noName = "Choose a name first.";

io.on("connection", (socket) => {
  const me = (): Person => ({ id: socket.id, nickname: socket.data.nickname ?? "somebody" });

  const enterRoom = async (room: string): Promise<Person[]> => {
    const isNew = !socket.rooms.has(toChannel(room));
    await socket.join(toChannel(room));
    if (isNew) socket.to(toChannel(room)).emit("joined", room, me());
    const people = await peopleIn(room);
    if (isNew && people.length === 1) socket.broadcast.emit("room opened", room);
    return people;
  };

  socket.on("enter", async (wantedName, wantedRooms, ack) => {
    const nickname = toNickname(wantedName);
    if (nickname === undefined) return ack?.({ ok: false, error: badNickname });
    socket.data.nickname = nickname;

    const rooms = new Set(["lobby"]);
    for (const wanted of Array.isArray(wantedRooms) ? wantedRooms.slice(0, maxRoomsPerPerson) : []) {
      const room = toRoomName(wanted);
      if (room !== undefined && rooms.size < maxRoomsPerPerson) rooms.add(room);
    }
    const entered = await Promise.all([...rooms].map(async (room) => [room, await enterRoom(room)] as const));
    ack?.({ ok: true, instance, you: me(), people: Object.fromEntries(entered) });
  });

  socket.on("join", async (wanted, ack) => {
    const room = toRoomName(wanted);
    if (room === undefined) return ack?.({ ok: false, error: badRoom });
    if (socket.data.nickname === undefined) return ack?.({ ok: false, error: noName });
    if (socket.rooms.size > maxRoomsPerPerson) return ack?.({ ok: false, error: tooManyRooms });
    ack?.({ ok: true, instance, room, people: await enterRoom(room) });
  });

  socket.on("leave", async (room, ack) => {
    if (!socket.rooms.has(toChannel(room))) return ack?.({ ok: false, error: notInRoom });
    await socket.leave(toChannel(room));
    socket.to(toChannel(room)).emit("left", room, me());
    ack?.({ ok: true, instance });
  });

  socket.on("say", (room, message, ack) => {
    const text = toText(message?.text);
    if (text === undefined || !isMessageId(message.id)) return ack?.({ ok: false, error: badText });
    if (!socket.rooms.has(toChannel(room))) return ack?.({ ok: false, error: notInRoom });
    const sentAtMs = Date.now();
    socket.to(toChannel(room)).emit("message", { id: message.id, room, from: me(), text, sentAtMs });
    ack?.({ ok: true, instance, sentAtMs });
  });

  socket.on("typing", (room, isTyping) => {
    if (!socket.rooms.has(toChannel(room))) return;
    socket.to(toChannel(room)).emit("typing", room, me(), isTyping === true);
  });

  socket.on("people", async (room, ack) => {
    if (!socket.rooms.has(toChannel(room))) return ack?.({ ok: false, error: notInRoom });
    ack?.({ ok: true, instance, people: await peopleIn(room) });
  });

  socket.on("rooms", async (ack) => {
    ack?.({ ok: true, instance, rooms: await countPeopleByRoom() });
  });

  socket.on("disconnecting", () => {
    for (const channel of socket.rooms) {
      const room = fromChannel(channel);
      if (room !== undefined) socket.to(channel).emit("left", room, me());
    }
  });
});

/** Every socket is also in a room named by its own id; the prefix keeps those apart from rooms people make. */
function toChannel(room: string): string {
  return `room:${room}`;
}

function fromChannel(channel: string): string | undefined {
  return channel.startsWith("room:") ? channel.slice("room:".length) : undefined;
}

async function peopleIn(room: string): Promise<Person[]> {
  const sockets = await io.in(toChannel(room)).fetchSockets();
  return sockets.map(({ id, data }) => ({ id, nickname: data.nickname ?? "somebody" }));
}

async function countPeopleByRoom(): Promise<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const socket of await io.fetchSockets()) {
    for (const channel of socket.rooms) {
      const room = fromChannel(channel);
      if (room !== undefined) counts.set(room, (counts.get(room) ?? 0) + 1);
    }
  }
  return Object.fromEntries(counts);
}
