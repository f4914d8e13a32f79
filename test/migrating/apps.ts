/** A client's step: the acknowledgement is what is compared. `<bob>` stands for the id of his socket. */
export type Step = readonly [client: "ada" | "bob", event: string, ...args: unknown[]];

export interface MigratedApp {
  /** In `apps/`. */
  readonly file: string;
  readonly steps: readonly Step[];
  /** `file:line name` of each variable that is lost, by which both the watch and the doctor name it. */
  readonly lost?: readonly string[];
  /** It sets a name that nobody declares, which only sloppy code may: bundles that this repository makes of itself are strict. */
  readonly isSloppy?: boolean;
  /** What `--keep` cannot keep of it: `file:line name code`. */
  readonly refused?: readonly string[];
  /** Instances in one process have it in common, so that answers are equal in spite of it. */
  readonly isOfProcess?: boolean;
  /** What the doctor says besides: `file:line pattern`. The watch sees variables alone. */
  readonly habits?: readonly string[];
  /** The error with which a habit fails, where it does. */
  readonly fails?: string;
}

/** One for each habit of a process that stays, and some without any. None knows of nonsticky. */
export const apps: Readonly<Record<string, MigratedApp>> = {
  "a count of users": {
    file: "user-count/server.js",
    steps: [
      ["ada", "add user", "ada"],
      ["bob", "add user", "bob"],
      ["ada", "add user", "ada"],
    ],
    lost: ["server.js:7 numUsers", "server.js:10 addedUser"],
  },
  "flags of the listener": {
    file: "typing-flag/server.js",
    steps: [
      ["ada", "name", "ada"],
      ["ada", "typing"],
      ["ada", "typing"],
    ],
    lost: ["server.js:5 typing", "server.js:6 nickname"],
  },
  "a list of users in a module of its own": {
    file: "user-list/server.js",
    steps: [
      ["ada", "joinRoom", { username: "ada", room: "r" }],
      ["bob", "joinRoom", { username: "bob", room: "r" }],
      ["ada", "who", "r"],
    ],
    lost: ["users.js:1 users"],
  },
  "a class with private fields": {
    file: "lobby-class/server.mjs",
    steps: [
      ["ada", "enter", "ada"],
      ["bob", "enter", "bob"],
      ["ada", "score", 2],
      ["bob", "score", 3],
    ],
    lost: ["lobby.mjs:2 #players", "lobby.mjs:3 rounds"],
  },
  "a map of rooms": {
    file: "room-map/server.js",
    steps: [
      ["ada", "create", "r"],
      ["bob", "create", "r"],
      ["ada", "start", "r"],
    ],
    lost: ["server.js:4 rooms"],
  },
  "sockets by their users": {
    file: "socket-by-user/server.js",
    steps: [
      ["ada", "register", "ada"],
      ["bob", "register", "bob"],
      ["bob", "private", "ada", "hi"],
    ],
    lost: ["server.js:5 clients"],
    refused: ["server.js:5 clients keep.holds_socket"],
  },
  "a game with a loop": {
    file: "game-loop/server.js",
    steps: [
      ["ada", "move", { dx: 1, dy: 2 }],
      ["ada", "move", { dx: 1, dy: 0 }],
    ],
    lost: ["server.js:4 players"],
    refused: ["server.js:4 players keep.used_by_timer"],
    habits: ["server.js:20 timer"],
  },
  "a property of global": {
    file: "global-state/server.js",
    steps: [
      ["ada", "point", "ada"],
      ["ada", "point", "ada"],
    ],
    isOfProcess: true,
    lost: ["server.js:4 scores"],
  },
  "a history in a function that installs": {
    file: "factory/server.js",
    steps: [
      ["ada", "say", "one"],
      ["bob", "say", "two"],
      ["ada", "history"],
    ],
    lost: ["chat.js:2 history"],
  },
  "attempts that are counted": {
    file: "auth-attempts/server.js",
    steps: [
      ["ada", "login", "ada", "a"],
      ["ada", "login", "ada", "b"],
      ["ada", "login", "ada", "c"],
      ["ada", "login", "ada", "d"],
    ],
    lost: ["server.js:5 attempts"],
  },
  "a subscription in the listener": {
    file: "news-feed/server.js",
    steps: [["ada", "publish", "news"]],
    habits: ["server.js:9 subscription"],
  },
  "counts of middlewares": {
    file: "gatekeeper/server.js",
    steps: [
      ["ada", "counts"],
      ["bob", "counts"],
      ["ada", "counts"],
    ],
    lost: ["server.js:4 admitted", "server.js:5 counts"],
  },
  "a game that is there or not": {
    file: "one-game/server.js",
    steps: [
      ["ada", "start", "board"],
      ["ada", "look"],
      ["bob", "look"],
    ],
    lost: ["server.js:4 game"],
    isSloppy: true,
  },
  "a room by another name": {
    file: "room-alias/server.js",
    steps: [
      ["ada", "enter", "ada"],
      ["bob", "enter", "bob"],
      ["ada", "enter", "ada"],
    ],
    lost: ["server.js:4 rooms"],
  },
  "the rooms of the adapter": {
    file: "adapter-rooms/server.js",
    steps: [["ada", "join", "r"]],
    habits: ["server.js:8 adapter", "server.js:11 local-sockets"],
    fails: "core.no_adapter",
  },
  "the map of sockets": {
    file: "whisper/server.js",
    steps: [["ada", "whisper", "<bob>", "hi"]],
    habits: ["server.js:7 local-sockets"],
    fails: "core.no_local_sockets",
  },
  "work that nobody awaits": {
    file: "save-later/server.js",
    steps: [
      ["ada", "note", "one"],
      ["ada", "remind", "two"],
    ],
    habits: ["store.js:8 local-file", "server.js:8 floating-promise", "server.js:13 timer"],
  },
  "a chat": {
    file: "clean-chat/server.js",
    steps: [
      ["ada", "name", " ada "],
      ["bob", "say", "one two"],
      ["ada", "count"],
    ],
  },
  "a client and answers that are kept": {
    file: "clean-cache/server.mjs",
    steps: [
      ["ada", "user", 7],
      ["ada", "user", 7],
      ["bob", "words", "a b a"],
    ],
  },
  "handlers in modules": {
    file: "clean-modules/server.js",
    steps: [
      ["ada", "compute", "add", 1, 2],
      ["ada", "slow"],
      ["ada", "features"],
    ],
  },
  "rooms for users": {
    file: "private-rooms/server.js",
    steps: [
      ["ada", "who"],
      ["bob", "private", "ada", "hi"],
      ["bob", "who"],
    ],
  },
};
