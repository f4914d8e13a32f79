import type { Check } from "../check.ts";
import { judge, notChecked, percentile } from "../outcome.ts";

const OPENINGS = 5;
/** OPEN is posted by another function than the one that lets the client in, which tries again for so long. */
const OPEN_WITHIN_MS = 5_000;

const opening: Check = {
  id: "open",
  title: "a handshake through the authorizer and the queue on $connect",
  assumption: "each is answered 101, and OPEN follows within 5 s",
  usedIn: ["infra/routes.yml", "lib/engine/inbox/on-opened.ts"],
  needs: [],
  async run(stage) {
    const connectMs: number[] = [];
    const openMs: number[] = [];
    for (let n = 0; n < OPENINGS; n += 1) {
      const wire = stage.connect();
      const upgraded = new Promise<number>((resolve) => {
        wire.socket.once("open", () => resolve(performance.now() - wire.openedAtMs));
      });
      const { atMs } = await wire.next("0{");
      connectMs.push(await upgraded);
      openMs.push(atMs - wire.openedAtMs);
      wire.close();
    }
    const worst = percentile(openMs, 1);
    return judge(worst <= OPEN_WITHIN_MS, `OPEN of ${OPENINGS} connections, the slowest after ${worst} ms`, {
      "connect p50 ms": percentile(connectMs, 0.5),
      "connect p95 ms": percentile(connectMs, 0.95),
      "open p50 ms": percentile(openMs, 0.5),
      "open p95 ms": percentile(openMs, 0.95),
    });
  },
};

const context: Check = {
  id: "context",
  title: "the authorizer's context in the mapping template",
  assumption: "a frame reaches the session that its connection was opened with",
  usedIn: ["infra/letter.yml", "lib/aws/connect-handler.ts"],
  needs: ["token"],
  async run(stage) {
    const wire = await stage.open();
    const [{ text: open = "0{}" } = {}] = wire.frames;
    const { sid } = JSON.parse(open.slice(1)) as { sid: string };
    const peer = await stage.enter(wire);
    const about = (await peer.ask("about")) as { sid: string };
    return judge(about.sid === sid, about.sid === sid ? "the same session id" : "another session id");
  },
};

const slash: Check = {
  id: "slash",
  title: "the stage's URL with a slash at the end",
  assumption:
    "the WebSocket API takes it, as stock clients with `path` send it, and refuses paths below with 403",
  usedIn: ["infra/outputs.yml", "docs/deploy.md"],
  needs: [],
  async run(stage) {
    const withSlash = stage.connect(stage.address(`${stage.options.url}/`));
    await withSlash.next("0{");
    const below = stage.connect(stage.address(`${stage.options.url}/below/`));
    const end = await below.ended();
    return judge(
      end?.status === 403,
      end === undefined || end.status === undefined
        ? "with a slash OPEN; below it a WebSocket as well"
        : `with a slash OPEN; below it ${end.status}`,
    );
  },
};

const broken: Check = {
  id: "broken",
  title: "the integration of $connect fails",
  assumption: "the handshake is answered with a 5xx, and there is no WebSocket that stays silent",
  usedIn: ["docs/semantics.md", "infra/alarms.yml"],
  needs: ["broken"],
  async run(stage) {
    const { brokenUrl } = stage.options;
    if (brokenUrl === undefined) return notChecked("no --broken-url");
    const wire = stage.connect(stage.address(brokenUrl));
    const end = await wire.ended();
    if (end === undefined) {
      const [frame] = wire.frames;
      return judge(false, frame === undefined ? "a WebSocket that stays silent" : `a frame ${frame.text}`);
    }
    const { status, code } = end;
    return judge(status !== undefined && status >= 500, `HTTP ${status ?? "101"}, close ${code}`);
  },
};

export const handshakeChecks: readonly Check[] = [opening, context, slash, broken];
