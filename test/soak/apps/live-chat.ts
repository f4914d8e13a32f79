import { Server } from "nonsticky";
import { liveValue, liveVariable, socketVariables } from "nonsticky/live";

type Ack = (...answer: unknown[]) => void;

/** A chat as one process would have it: who is here in a list, how much was said in a number, who one is in a variable. */
export const io = new Server();

const users = liveValue<string[]>("users", []);
const $messages = liveVariable("messages", () => 0);
/** The last message of each client that was counted: one that comes again is not counted twice. */
const last = liveValue<Record<string, number>>("last", {});
/** What somebody read, and then set to something else; and what each had read. */
const $topic = liveVariable("topic", () => "none");
const before = liveValue<Record<string, string>>("before", {});

io.on("connection", (socket) => {
  const $v = socketVariables(socket, "listener", { name: "", said: 0 });

  socket.on("join", (name: string, ack: Ack) => {
    if ($v.name === "") users.push(name);
    $v.name = name;
    ack(users.length);
  });

  socket.on("say", (turn: number, ack: Ack) => {
    if ($v.name === "") return ack("nobody");
    if ((last[$v.name] ?? 0) < turn) {
      last[$v.name] = turn;
      $messages.value += 1;
    }
    $v.said += 1;
    ack("heard", $messages.value);
  });

  socket.on("rename", (topic: string, ack: Ack) => {
    before[topic] = $topic.value;
    $topic.value = topic;
    ack();
  });

  socket.on("look", (ack: Ack) => {
    ack({ users, messages: $messages.value, last, topic: $topic.value, before, said: $v.said });
  });

  socket.on("disconnect", () => {
    const index = users.indexOf($v.name);
    if (index !== -1) users.splice(index, 1);
  });
});
