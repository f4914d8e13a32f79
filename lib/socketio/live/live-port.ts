import type { Letter } from "../../engine/letter.ts";
import type { Turn } from "../../engine/turn.ts";
import type { ReplayPorts } from "../replay/replay-ports.ts";

/** The live values of an app, as far as whoever runs its code is concerned. Made by `nonsticky/live` alone. */
export interface LivePort {
  /** @throws {CoreError} as `io.live` */
  declare(name: string, initial: unknown): unknown;
  /** The app's module is loaded: what it does from now on it does in handlers. */
  serve(ports: ReplayPorts): void;
  /** Begins to read what is stored, unless nothing is declared. */
  begin(ports: ReplayPorts): void;
  /** Resolves when what the last `begin` asked for is there; undefined: it is. */
  ready(): Promise<void> | undefined;
  /** A letter comes again: what its turn has stored before a crash is not stored twice. One read. */
  recall(turn: Turn, letterId: string): Promise<void>;
}

/** Whether a letter may run code of the app that looks at them. */
export const mayLook = ({ kind }: Letter, isMainLane: boolean): boolean =>
  isMainLane && kind !== "opened" && kind !== "born" && kind !== "reap";

/** How the values of an app are made: nothing, where it does not import `nonsticky/live`. */
let make: (() => LivePort) | undefined;
/** Of what is declared where no app is being loaded: in a script, or a test. */
let ofProcess: LivePort | undefined;

export const installLive = (maker: () => LivePort): void => void (make = maker);

export const createLivePort = (): LivePort | undefined => make?.();

/** Of code that no runtime of ours loads. */
export const livePortOfProcess = (): LivePort | undefined => ofProcess;
export const makeLivePortOfProcess = (): LivePort | undefined => (ofProcess ??= make?.());
