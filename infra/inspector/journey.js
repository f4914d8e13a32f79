import { perMillion, reckon } from "./cost.js";
import { nameOf } from "./decode.js";
import { formatTime, h, icon, plural, sessionChip } from "./elements.js";
import { drawStations, sentAlone } from "./stations.js";
import { drawWaterfall } from "./waterfall.js";

/**
 * The way of one packet: gateway, mailbox, instance, table, clients, each with what it did for this packet, and what all
 * of it would cost.
 *
 * @returns {HTMLElement[]} what is shown of a row
 */
export function drawJourney(row, model, { onRepeat, onSelect }) {
  if (row.type === "log") return [heading("Log line", row), logLines([row.log])];
  if (row.type === "gap")
    return [heading("A gap", row), h("p.note", {}, "No page was open, so nothing was told.")];
  if (row.type === "out" && row.cause === undefined) return [headOf(row), sentAlone(row), raw(row)];
  const packet = row.type === "out" ? row.cause : row;
  const view = look(packet, model);
  return [
    headOf(packet),
    row.type === "out" &&
      h("p.note", {}, `This is the way of the packet that caused ${nameOf(row.decoded)}.`),
    packet.isDead && h("p.note.bad", {}, "It was handed over too often and lies in the dead letters."),
    packet.again && h("p.note.bad", {}, "Its instance ended before it was done. It is handed over again."),
    h("figure.picture", {}, drawWaterfall(view), legend()),
    drawStations(view, onSelect),
    packet.logs.length > 0 && h("section.lines", {}, h("h3", {}, "Log"), logLines(packet.logs)),
    cost(view, model),
    raw(packet),
    packet.type === "in" &&
      h(
        "div.acts",
        {},
        h(
          "button.quiet",
          { type: "button", onclick: () => onRepeat(packet) },
          icon("repeat"),
          "Send it again",
        ),
      ),
  ].filter(Boolean);
}

/** A packet with the invocation that ran it last, and what that did for nobody in particular. */
function look(packet, model) {
  const last = packet.batches.at(-1);
  const invocation = last?.invocation;
  const shared = (list) => (invocation === undefined ? [] : invocation[list]);
  return {
    packet,
    last,
    invocation,
    table: packet.table,
    shared: shared("table"),
    posts: packet.posts,
    model,
  };
}

const legend = () =>
  h(
    "figcaption",
    {},
    ["wait", "run", "packet", "replay", "handler", "table"].map((kind) =>
      h(`span.key.${kind}`, {}, { run: "invocation", packet: "this packet" }[kind] ?? kind),
    ),
  );

const heading = (title, row) =>
  h(
    "header.head",
    {},
    h("h2", {}, title),
    h("p.sub", {}, row.session && sessionChip(row.session), formatTime(row.atMs)),
  );

function headOf(row) {
  const { decoded } = row;
  const title = decoded === undefined ? `${row.name}` : nameOf(decoded);
  const facts = [
    decoded?.event !== undefined && decoded.kind,
    decoded?.nsp !== undefined && `namespace ${decoded.nsp}`,
    decoded?.id !== undefined && `ack ${decoded.id}`,
    decoded?.attachments !== undefined && plural(decoded.attachments, "attachment"),
  ].filter(Boolean);
  return h(
    "header.head",
    {},
    h("h2", {}, title),
    h(
      "p.sub",
      {},
      row.session && sessionChip(row.session),
      h("span", {}, formatTime(row.atMs)),
      ...facts.map((fact) => h("span", {}, fact)),
    ),
  );
}

function cost({ packet, last, invocation, shared }, model) {
  if (invocation?.ms === undefined || model.hello === undefined) return undefined;
  const part = shared.map((request) => ({
    readUnits: request.readUnits / last.letters,
    writeUnits: request.writeUnits / last.letters,
  }));
  const counted = {
    ...packet,
    batch: { letters: last.letters, ms: invocation.ms },
    table: [...packet.table, ...part],
  };
  const lines = reckon(counted, model.hello.prices, model.memoryOf(invocation.function));
  return h(
    "section.cost",
    {},
    h("h3", {}, "On AWS"),
    h("p.total", {}, h("b", {}, `$${perMillion(lines).toFixed(2)}`), " for a million such packets"),
    h(
      "ul",
      {},
      lines.map(({ what, unit, amount, dollars }) =>
        h(
          "li",
          {},
          h("span", {}, what),
          h("span.amount", {}, `${round(amount)}${unit}`),
          h("span.dollars", {}, `$${(dollars * 1e6).toFixed(2)}`),
        ),
      ),
    ),
    h(
      "p.note",
      {},
      `List prices of ${model.hello.prices.region}, ${model.hello.prices.date}; durations are this machine's.`,
    ),
  );
}

const round = (amount) => (amount >= 10 ? String(Math.round(amount)) : String(Number(amount.toPrecision(2))));

const raw = (row) =>
  row.text !== undefined &&
  h("details.raw", {}, h("summary", {}, "Raw frame"), h("pre", { tabindex: 0 }, row.text));

const logLines = (lines) =>
  h(
    "ul.log",
    {},
    lines.map(({ level, message, code, pid, function: name }) =>
      h(
        `li.${level}`,
        {},
        h("span.level", {}, level),
        h("span.message", {}, message),
        h("span.sub", {}, code && h("code", {}, code), ` ${name} ${pid}`),
      ),
    ),
  );
