import { randomUUID } from "node:crypto";
import type { Server } from "nonsticky";
import type { ClientToServer, Person, ServerToClient, SocketData } from "./events.ts";

export type Community = Server<ClientToServer, ServerToClient, Record<string, never>, SocketData>;

const MAX_TEXT = 500;
const READ_WAIT_MS = 3_000;

const tabsOf = (userId: string): string => `user:${userId}`;
const readText = (text: unknown): string | undefined =>
  typeof text === "string" && text.trim() !== "" ? text.trim().slice(0, MAX_TEXT) : undefined;

/**
 * A room full of people, as many tabs each as they like: who is here, who is typing, what is said, and whispers with
 * read receipts. Written for any Socket.IO server: what it remembers is in `socket.data` and in rooms, so it runs on
 * one that keeps nothing, too.
 */
export function install(io: Community): void {
  io.use((socket, next) => {
    const { userId, name } = socket.handshake.auth;
    if (typeof userId !== "string" || userId === "" || typeof name !== "string" || name.trim() === "") {
      return next(Object.assign(new Error("who are you?"), { data: { expected: ["userId", "name"] } }));
    }
    socket.data = { userId, name: name.trim().slice(0, 40) };
    next();
  });

  io.on("connection", async (socket) => {
    const { userId, name } = socket.data;
    const me: Person = { userId, name };

    socket.on("say", (text, ack) => {
      const said = readText(text);
      if (said === undefined) return ack({ ok: false, error: "say something" });
      io.emit("said", { id: randomUUID(), from: me, text: said });
      ack({ ok: true });
    });

    socket.on("whisper", async (to, text, ack) => {
      const said = readText(text);
      if (typeof to !== "string" || said === undefined)
        return ack({ ok: false, error: "whisper what, to whom?" });
      const message = { id: randomUUID(), from: me, to, text: said };
      // My other tabs show it as well; nobody waits for them.
      socket.to(tabsOf(userId)).emit("whispered", message);
      const { seen, present } = await askTabs(io, to, message);
      ack(present === 0 ? { ok: false, error: "nobody of that name is here" } : { ok: true, read: seen });
    });

    socket.on("typing", (isTyping) => {
      // Of no worth a second later, so nothing waits for it and nothing keeps it.
      socket.broadcast.volatile.emit("typing", userId, isTyping === true);
    });

    socket.on("disconnect", async () => {
      const left = await io.in(tabsOf(userId)).fetchSockets();
      if (left.length === 0) io.emit("went", userId);
    });

    // Back with its rooms and all that it missed, but for the others it had gone.
    if (socket.recovered) {
      socket.broadcast.emit("came", me);
      return;
    }
    const tabs = await io.in(tabsOf(userId)).fetchSockets();
    await socket.join(tabsOf(userId));
    socket.emit("people", await listPeople(io));
    if (tabs.length === 0) socket.broadcast.emit("came", me);
  });
}

/** Asks all tabs of a person whether a whisper is seen there. */
async function askTabs(
  io: Community,
  userId: string,
  message: Parameters<ServerToClient["whispered"]>[0],
): Promise<{ seen: number; present: number }> {
  const tabs = await io.in(tabsOf(userId)).fetchSockets();
  if (tabs.length === 0) return { seen: 0, present: 0 };
  try {
    const answers: boolean[] = await io
      .in(tabsOf(userId))
      .timeout(READ_WAIT_MS)
      .emitWithAck("whispered", message);
    return { seen: answers.filter(Boolean).length, present: tabs.length };
  } catch (error) {
    // Not every tab has answered in time; those that did count.
    const { responses = [] } = error as { responses?: readonly boolean[] };
    return { seen: responses.filter(Boolean).length, present: tabs.length };
  }
}

/** Everybody who is here, once, however many tabs they have. */
async function listPeople(io: Community): Promise<Person[]> {
  const people = new Map<string, Person>();
  for (const { data } of await io.fetchSockets())
    people.set(data.userId, { userId: data.userId, name: data.name });
  return [...people.values()].sort((a, b) => a.name.localeCompare(b.name));
}
