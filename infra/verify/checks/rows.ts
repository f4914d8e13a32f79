import { nameCloseCode } from "../../close-codes.ts";
import type { Check } from "../check.ts";
import { judge } from "../outcome.ts";
import { verificationNamespace as nsp } from "../../../lib/verify.ts";
import type { Stage } from "../stage.ts";

interface Row {
  /** `fresh`: OPEN has arrived. `joined`: the socket is in the verification's namespace as well. */
  readonly from: "fresh" | "joined";
  readonly sends: readonly string[];
  /** The beginning of a frame that comes back. Absent: the connection is closed. */
  readonly gets?: string;
}

const closes = (from: Row["from"], ...frames: readonly string[]): readonly Row[] =>
  frames.map((frame) => ({ from, sends: [frame] }));

const ALIVE = `42${nsp},77["echo","alive"]`;
const ALIVE_ANSWER = `43${nsp},77["alive"]`;
const ignored = (...frames: readonly string[]): readonly Row[] =>
  frames.map((frame) => ({ from: "joined", sends: [frame, ALIVE], gets: ALIVE_ANSWER }));

/** Those rows of the repository's tables that need no app of their own. */
const rows: readonly Row[] = [
  ...closes("fresh", "2", "7", "abc", "41", '42["x"]', "43[]", "44", "48", "4abc", "40null", "40[]", "40{"),
  {
    from: "fresh",
    sends: ["40/nonsticky-unknown,"],
    gets: '44/nonsticky-unknown,{"message":"Invalid namespace"}',
  },
  {
    from: "fresh",
    sends: [`40${nsp},{"token":"not the token","run":"abcdefgh"}`],
    gets: `44${nsp},{"message":"Invalid namespace"}`,
  },
  ...ignored("0", "1", "3", "5", "6", "3probe", `43${nsp},999["a"]`),
  ...closes("joined", "2", "2probe", "7", "a", "hello", "\u0000", "bAQID"),
  ...closes("joined", `42${nsp},[]`, `42${nsp},{"a":1}`, `42${nsp},[1`, `42${nsp},["connect"]`),
  ...closes("joined", `45${nsp},["x"]`, `451-${nsp},["disconnect"]`, `43${nsp},1{}`),
];

const attachment: Row = {
  from: "joined",
  sends: [`451-${nsp},7["echo",{"_placeholder":true,"num":0}]`, "bAQID"],
  gets: `461-${nsp},7[`,
};

const AT_ONCE = 8;

const conformance: Check = {
  id: "rows",
  title: "conformance of frames",
  assumption: "valid and invalid frames cause what they cause at the reference server",
  usedIn: ["test/conformance/rows.ts", "lib/protocol"],
  needs: ["app"],
  async run(stage) {
    const wrong: string[] = [];
    const left = [...rows.entries()];
    const work = async () => {
      for (let entry = left.shift(); entry !== undefined; entry = left.shift()) {
        const came = await play(stage, entry[1]);
        if (came !== undefined) wrong.push(`row ${entry[0] + 1} ${JSON.stringify(entry[1].sends)}: ${came}`);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    const came = wrong.length === 0 ? `${rows.length} rows` : `${wrong.length} differ: ${wrong.join("; ")}`;
    return judge(wrong.length === 0, came);
  },
};

/** Frames of one packet are handled one after the other, which direct ordering does not promise. */
const attachments: Check = {
  id: "attachments",
  title: "an event with bytes",
  assumption: "a packet and its attachment, two frames, are one event",
  usedIn: ["lib/protocol/reassembly.ts", "docs/semantics.md"],
  needs: ["app", "fifo"],
  async run(stage) {
    const came = await play(stage, attachment);
    return judge(came === undefined, came ?? "the same bytes, as an attachment of the answer");
  },
};

/** Undefined when the row holds, else what came. */
async function play(stage: Stage, { from, sends, gets }: Row): Promise<string | undefined> {
  const wire = await stage.open();
  if (from === "joined") await stage.enter(wire);
  wire.send(...sends);
  if (gets === undefined) {
    const end = await wire.ended();
    if (end === undefined) return "the connection stayed open";
    return end.code === 1000 ? undefined : `close ${nameCloseCode(end.code)}`;
  }
  try {
    await wire.next(gets);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  } finally {
    wire.close();
  }
}

export const rowChecks: readonly Check[] = [conformance, attachments];
