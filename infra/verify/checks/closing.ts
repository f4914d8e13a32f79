import type { Check } from "../check.ts";
import { judge } from "../outcome.ts";

const FAREWELLS = 5;

const lastWords: Check = {
  id: "last-words",
  title: "a post right before DeleteConnection",
  assumption: "the client gets it, and then a close with 1000",
  usedIn: ["lib/engine/polling/end-during-upgrade.ts", "docs/semantics.md"],
  needs: ["app"],
  async run(stage) {
    let heard = 0;
    const codes = new Set<number | string>();
    for (let n = 0; n < FAREWELLS; n += 1) {
      const peer = await stage.join();
      peer.emit("bye");
      const end = await peer.wire.ended();
      codes.add(end?.code ?? "none");
      const texts = peer.wire.frames.map(({ text }) => text);
      const isComplete =
        peer.seen("last words").length === 1 && texts.some((text) => text.startsWith("41/nonsticky-verify"));
      if (isComplete) heard += 1;
    }
    const came = `${heard} of ${FAREWELLS} clients got the last event and the disconnect, close ${[...codes].join(", ")}`;
    return judge(heard === FAREWELLS && codes.size === 1 && codes.has(1000), came);
  },
};

const cut: Check = {
  id: "cut",
  title: "a client whose TCP connection breaks off",
  assumption: "`$disconnect` comes, and `disconnect` runs within 10 s; if not, the heartbeat finds out",
  usedIn: ["docs/semantics.md", "lib/engine/inbox/on-closed.ts"],
  needs: ["app"],
  async run(stage) {
    const { cutMs } = stage.limits;
    const watcher = await stage.join();
    await watcher.ask("watch");
    const victim = await stage.join();
    victim.wire.cut();
    const cutAt = performance.now();
    const isHis = ({ text }: { readonly text: string }) =>
      text.includes('["left"') && text.includes(victim.id);
    const frame = await watcher.wire.next(isHis, cutMs).catch(() => undefined);
    if (frame === undefined) return judge(false, `no disconnect within ${cutMs} ms`);
    const tookMs = Math.round(frame.atMs - cutAt);
    const [, reason = "?"] = /,"([^"]*)"\]$/.exec(frame.text) ?? [];
    return judge(reason === "transport close", `${reason} after ${tookMs} ms`, {
      "cut to disconnect ms": tookMs,
    });
  },
};

export const closingChecks: readonly Check[] = [lastWords, cut];
