import { formatMs, svg } from "./elements.js";

const WIDTH = 360;
const LEFT = 62;
const LANE = 17;
const TOP = 4;

/** When each part of a packet's way happened, as bars on one axis of time: mailbox, instance, table, clients. */
export function drawWaterfall({ packet, last, invocation, table, shared, posts }) {
  const { run, letter } = packet;
  const startMs = letter.atMs;
  const bars = [];
  const bar = (lane, kind, fromMs, toMs, title) => bars.push({ lane, kind, fromMs, toMs, title });
  if (last !== undefined && letter.queue !== "")
    bar(0, "wait", startMs, last.takenMs, `in the mailbox ${formatMs(last.waitedMs)}`);
  if (invocation?.startedMs !== undefined) {
    const endMs =
      invocation.startedMs +
      (invocation.ms ?? (run === undefined ? 0 : run.startedMs + run.ms - invocation.startedMs));
    bar(
      1,
      invocation.outcome === "crashed" ? "crashed" : "run",
      invocation.startedMs,
      endMs,
      `invocation ${formatMs(invocation.ms)}`,
    );
  }
  if (run !== undefined) {
    bar(1, "packet", run.startedMs, run.startedMs + run.ms, `this packet ${formatMs(run.ms)}`);
    const first = run.handlers[0]?.atMs ?? run.ms;
    if (run.replayMs !== undefined) {
      const endMs = run.startedMs + Math.max(run.replayMs, first);
      bar(1, "replay", endMs - run.replayMs, endMs, `replay ${formatMs(run.replayMs)}`);
    }
    for (const { event, atMs, ms } of run.handlers)
      bar(1, "handler", run.startedMs + atMs, run.startedMs + atMs + ms, `handler ${event} ${formatMs(ms)}`);
  }
  for (const { atMs, ms, action } of [...table, ...shared])
    bar(2, "table", atMs - ms, atMs, `${action} ${formatMs(ms)}`);
  for (const { atMs, status } of posts)
    bar(3, status === 200 ? "post" : "refused", atMs, atMs, `post ${status}`);

  const endMs = Math.max(startMs + 1, ...bars.map(({ toMs }) => toMs));
  const scale = (WIDTH - LEFT - 6) / (endMs - startMs);
  const x = (ms) => LEFT + Math.max(0, ms - startMs) * scale;
  const names = ["mailbox", "instance", "table", "clients"];
  const height = TOP + names.length * LANE + 18;
  const label = (text, attributes) => {
    const element = svg("text", attributes);
    element.textContent = text;
    return element;
  };
  const ticks = [0, 0.5, 1].map((part) => {
    const at = LEFT + (WIDTH - LEFT - 6) * part;
    const anchor = part === 0 ? "start" : part === 1 ? "end" : "middle";
    return label(formatMs((endMs - startMs) * part), {
      x: at,
      y: height - 3,
      class: "tick",
      "text-anchor": anchor,
    });
  });
  return svg(
    "svg",
    {
      class: "waterfall",
      viewBox: `0 0 ${WIDTH} ${height}`,
      role: "img",
      "aria-label": `Over ${formatMs(endMs - startMs)}: ${bars.map(({ title }) => title).join(", ")}`,
    },
    ...names.map((name, lane) => label(name, { x: 0, y: TOP + lane * LANE + 12, class: "lane" })),
    ...names.map((_, lane) =>
      svg("line", {
        x1: LEFT,
        x2: WIDTH - 6,
        y1: TOP + lane * LANE + LANE - 2,
        y2: TOP + lane * LANE + LANE - 2,
        class: "rule",
      }),
    ),
    ...bars.map(({ lane, kind, fromMs, toMs, title }) => {
      const isThin = ["packet", "replay", "handler"].includes(kind);
      const tip = svg("title");
      tip.textContent = title;
      return svg(
        "rect",
        {
          class: `bar ${kind}`,
          x: x(fromMs).toFixed(1),
          y: TOP + lane * LANE + (isThin ? 3 : 2),
          width: Math.max(2, (toMs - fromMs) * scale).toFixed(1),
          height: isThin ? 9 : 11,
          rx: 2,
        },
        tip,
      );
    }),
    ...ticks,
  );
}
