import { pause } from "../support/waiting.ts";
import { enterLine, Line, pick, wholeTo, type Stranger } from "./stranger.ts";

/** Frames that no client of Socket.IO sends. */
const nonsense = [
  "",
  "4",
  "9",
  "42",
  "42{",
  "42[",
  "42[]",
  "42[1]",
  '42["__proto__",{"a":1}]',
  '42["constructor"]',
  '42["connect"]',
  '42["disconnecting"]',
  '42/nowhere,["say"]',
  '4299999999999999999999["say"]',
  "43[]",
  "4399999999999999999999[]",
  "44",
  "46",
  '451-["say",{"_placeholder":true,"num":7}]',
  '459999999-["say"]',
  "b!!!!",
  "bAAAA",
  '42["say",{"packet":"\u0000\ufffe\uffff\ud800"}]',
  "6",
  "5",
  "1",
  "0{}",
];

/** What strangers do over a WebSocket. Each ends by itself. */
export const hostileLines: Readonly<Record<string, (stranger: Stranger) => Promise<void>>> = {
  async "breaks off at any moment"(stranger) {
    const line = new Line(stranger);
    const steps = [
      () => pause(wholeTo(stranger, 20)),
      () => line.heard("0"),
      async () => line.send('40{"room":"lair"}'),
      () => line.heard("40"),
      async () => line.say(),
      () => line.heard("43"),
    ];
    for (const step of steps.slice(0, wholeTo(stranger, steps.length))) await step();
    line.breakOff();
  },

  async "says more than it waits for"(stranger) {
    const line = await enterLine(stranger);
    const count = 20 + wholeTo(stranger, 40);
    for (let said = 0; said < count; said++) line.say();
    if (stranger.random() < 0.5) await line.heard("43", count);
    line.breakOff();
  },

  async "speaks nonsense"(stranger) {
    const line = stranger.random() < 0.5 ? await enterLine(stranger) : new Line(stranger);
    await line.heard("0");
    line.say();
    for (let said = 0; said < 5 && !line.isOver; said++) line.send(pick(stranger, nonsense));
    await line.closed();
    line.breakOff();
  },

  async "answers what nobody asked"(stranger) {
    const line = await enterLine(stranger);
    for (let said = 0; said < 15; said++) line.send(pick(stranger, ["3", `43${said}[]`, `43${said}["x"]`]));
    line.say();
    await line.heard("430");
    line.breakOff();
  },

  async "sends what is too large"(stranger) {
    const line = await enterLine(stranger);
    line.say();
    line.send(`42["say","${"x".repeat(33_000)}"]`);
    await line.closed();
  },

  async "sends bytes where text goes"(stranger) {
    const line = await enterLine(stranger);
    line.send(Buffer.from([1, 2, 3]));
    await line.closed();
  },

  async "announces attachments and never sends them"(stranger) {
    const line = await enterLine(stranger);
    line.send('453-["say",{"_placeholder":true,"num":0}]', "bAQID");
    if (stranger.random() < 0.5) line.send('42["say"]');
    await pause(wholeTo(stranger, 200));
    line.breakOff();
  },

  async "joins namespaces that it invents"(stranger) {
    const line = await enterLine(stranger);
    for (let child = 0; child < 30; child++) {
      line.send(`40/${pick(stranger, ["child-", "nowhere-"])}${wholeTo(stranger, 1e6)},`);
    }
    await line.heard("40/child");
    line.breakOff();
  },

  async "enters rooms without end"(stranger) {
    const line = await enterLine(stranger);
    for (let room = 0; room < 40; room++) line.send(`42["enter","hole ${room} of ${stranger.name}"]`);
    line.say();
    await line.heard("43");
    line.breakOff();
  },

  async "keeps what is large or strange"(stranger) {
    const line = await enterLine(stranger);
    const values = [`"${"x".repeat(30_000)}"`, '{"__proto__":{"a":1}}', '{"\\ud800":1}', "[[[[]]]]", "null"];
    line.send(`42["keep",${pick(stranger, values)}]`);
    line.say();
    await line.heard("43");
    line.breakOff();
  },

  async "forges what it has missed"(stranger) {
    const line = new Line(stranger);
    await line.heard("0");
    const pid = pick(stranger, ["", "x", "A".repeat(20), "-_-_-_-_-_-_-_-_-_-_"]);
    line.send(`40${JSON.stringify({ room: "square", pid, offset: pick(stranger, ["", "0", "!", pid]) })}`);
    await line.heard("4");
    line.breakOff();
  },

  async "is asked and does not answer"(stranger) {
    const line = await enterLine(stranger);
    line.send('42["ask me"]');
    await line.heard("42");
    line.breakOff();
  },

  async "leaves and comes back at once"(stranger) {
    const line = await enterLine(stranger);
    for (let turn = 0; turn < 4; turn++) line.send("41", '40{"room":"lair"}');
    line.say();
    await line.heard("43");
    line.send("41", "1");
    await line.closed();
    line.breakOff();
  },

  async "opens what nobody serves"(stranger) {
    const line = new Line(
      stranger,
      pick(stranger, [
        { EIO: "2" },
        { EIO: "4", sid: "AAAAAAAAAAAAAAAAAAAA" },
        { transport: "polling" },
        { transport: "webtransport" },
        { EIO: "3" },
      ]),
    );
    await pause(wholeTo(stranger, 300));
    line.breakOff();
  },
};
