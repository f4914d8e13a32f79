import { badRequest, ok, text, type HttpRow } from "./http-rows.ts";
import type { Stage } from "./http-stage.ts";

/** A session that moves from polling to a WebSocket, or tries to. */
export const upgradeRows: readonly HttpRow[] = [
  {
    title: "a WebSocket for an unknown session",
    play: (stage) => stage.end(stage.socket({ sid: "AAAAAAAAAAAAAAAAAAAA" })),
    sees: ["refused 400"],
    ours: { sees: ["refused 403"], why: "API Gateway knows one refusal of an authorizer" },
  },
  {
    title: "a WebSocket that calls itself polling",
    play: (stage) => stage.end(stage.socket({ transport: "polling" })),
    sees: ["closed 1005"],
    ours: { sees: ["refused 403"], why: "it is known before the handshake is answered" },
  },
  {
    title: "a WebSocket of an unknown transport",
    play: (stage) => stage.end(stage.socket({ transport: "abc" })),
    sees: ["refused 400"],
    ours: { sees: ["refused 403"], why: "API Gateway knows one refusal of an authorizer" },
  },
  {
    title: "a WebSocket of another protocol version",
    play: (stage) => stage.end(stage.socket({ EIO: "5" })),
    sees: ["broken"],
    ours: { sees: ["refused 403"], why: "it is known before the handshake is answered" },
  },
  {
    title: "a probe, which lets the GET go",
    play: async (stage) => {
      await stage.connect();
      const parked = await stage.park();
      await stage.probe();
      await parked.answer();
    },
    sees: ["3probe", text("6")],
  },
  {
    title: "an upgrade, and polling after it",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.probe();
      socket.send("5", '42["marker"]');
      await stage.frames(socket, 1);
      await stage.get();
      await stage.post('42["x"]');
      socket.send('42["marker"]');
      await stage.frames(socket, 1);
    },
    sees: ["3probe", '42["marked"]', badRequest, badRequest, '42["marked"]'],
  },
  {
    title: "a second CONNECT behind the upgrade, and the answer to the first before it",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.probe();
      socket.send("5", "40");
      await stage.frameOrEnd(socket);
    },
    sees: ["3probe", "closed 1005"],
    ours: {
      sees: ["3probe", '40{"sid":"*"}'],
      why: "a client says after its move what it had to say before, and a move takes longer here: it has 10 s",
    },
  },
  {
    title: "an upgrade that does not wait for its probe",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.probe("5", '42["marker"]');
      await stage.frames(socket, 1);
    },
    sees: ["3probe", '42["marked"]'],
  },
  {
    title: "an upgrade with packets waiting",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.probe();
      await stage.post('42["burst"]');
      socket.send("5", '42["marker"]');
      await stage.frames(socket, 5);
    },
    sees: [
      "3probe",
      ok,
      '42["any",["burst"]]',
      '451-["x",{"_placeholder":true,"num":0},"y"]',
      "bAQI=",
      '42["z"]',
      '42["marked"]',
    ],
  },
  ...["4hello", "0", "6", "1"].map((frame) => ({
    title: `a WebSocket that begins with ${frame}`,
    play: async (stage: Stage) => {
      await stage.connect();
      const socket = await stage.socket().opened();
      socket.send(frame);
      await stage.end(socket);
      await stage.post('42["marker"]');
      await stage.get();
    },
    sees: ["closed 1005", ok, text('42["marked"]')],
    ours: { sees: ["closed 1000", ok, text('42["marked"]')], why: "API Gateway closes with 1000" },
  })),
  {
    title: "a second WebSocket while one is trying",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.probe();
      await stage.end(stage.socket());
      socket.send("5", '42["marker"]');
      await stage.frames(socket, 1);
    },
    sees: ["3probe", "closed 1005", '42["marked"]'],
    ours: { sees: ["3probe", "closed 1000", '42["marked"]'], why: "API Gateway closes with 1000" },
  },
  {
    title: "a second WebSocket after one has taken over",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.probe("5", '42["marker"]');
      await stage.frames(socket, 1);
      await stage.end(stage.socket());
      socket.send('42["marker"]');
      await stage.frames(socket, 1);
    },
    sees: ["3probe", '42["marked"]', "closed 1005", '42["marked"]'],
    ours: {
      sees: ["3probe", '42["marked"]', "closed 1000", '42["marked"]'],
      why: "API Gateway closes with 1000",
    },
  },
  {
    title: "a WebSocket that dies, and another one",
    play: async (stage) => {
      await stage.connect();
      const first = await stage.probe();
      first.hangUp();
      await first.ended();
      await stage.post('42["marker"]');
      await stage.get();
      const second = await stage.probe("5", '42["marker"]');
      await stage.frames(second, 1);
    },
    sees: ["3probe", ok, text('42["marked"]'), "3probe", '42["marked"]'],
  },
  {
    title: "a WebSocket that says nothing until its time is up",
    play: async (stage) => {
      await stage.connect();
      const socket = await stage.socket().opened();
      await stage.outlastUpgrade();
      const parked = await stage.park();
      await stage.end(socket);
      await stage.post('42["marker"]');
      await parked.answer();
    },
    sees: ["closed 1005", ok, text('42["marked"]')],
    ours: { sees: ["closed 1000", ok, text('42["marked"]')], why: "API Gateway closes with 1000" },
  },
];
