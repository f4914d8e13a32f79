import { createEngine } from "nonsticky";

/** One layer below Socket.IO: greets each session, and sends back what it is told. */
export const engine = createEngine({
  onConnection: (session) => session.send("welcome"),
  onMessage: (session, data) => {
    if (data === "leave") session.close();
    else session.send(data);
  },
});
