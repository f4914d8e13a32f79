import io, { type Version2Options } from "socket.io-client-v2";
import { Visitor } from "./visitor.ts";

const bytes = Buffer.from([0, 1, 2, 250]);

/** Everything that a client of Socket.IO 2 does differently, and what it sees of it. */
export async function playVersion2(
  url: string,
  options: Version2Options,
): Promise<Record<string, readonly string[]>> {
  const fresh = { forceNew: true, reconnection: false, ...options };
  const first = new Visitor(io(url, { ...fresh, query: { token: "t" } }));
  await first.sees("connect");
  await first.sees("welcome");
  const { id: sid } = first.socket;
  await first.ask("text", { deep: ["žluťoučký", 1, null] });
  await first.ask(bytes, "beside", bytes);
  await first.ask();
  first.socket.emit("tell", "more than one", bytes).emit("tell", "in a row");
  await (await first.sees("told")).sees("told");
  first.socket.emit("to everyone", bytes);
  await first.sees("everyone");
  first.socket.emit("to me", "by my id");
  await first.sees("me");

  const custom = new Visitor(first.socket.io.socket("/custom", { query: "token=a%20b&token=c&x=1" }));
  await (await custom.sees("connect")).sees("welcome");
  await custom.ask("in another namespace", bytes);
  custom.socket.disconnect();
  await custom.sees("disconnect");
  // The official server closes the connection when the two packets arrive together.
  await first.ask("whether it has left");
  custom.socket.open();
  await (await custom.sees("connect")).sees("welcome");

  const refused = [];
  for (const name of ["/refused", "/refused-with-data", "/unknown"]) {
    const visitor = new Visitor(first.socket.io.socket(name, { query: "token=t" }));
    refused.push(await visitor.sees("error"));
  }
  first.socket.emit("leave me");
  await first.sees("disconnect");
  await custom.ask("still there");
  custom.socket.disconnect();

  const unwanted = new Visitor(io(url, { ...fresh, query: { unwanted: "1" } }));
  await unwanted.sees("error");
  unwanted.socket.disconnect();
  const closed = new Visitor(io(url, fresh));
  await closed.sees("welcome");
  const { id: closedSid } = closed.socket;
  closed.socket.emit("close me");
  await closed.sees("disconnect");

  return {
    first: first.linesWithout(sid),
    custom: custom.linesWithout(sid),
    refused: refused.flatMap((visitor) => visitor.linesWithout(sid)),
    unwanted: unwanted.linesWithout(sid),
    closed: closed.linesWithout(closedSid),
  };
}
