import { perMillion, reckon } from "./cost.js";
import { nameOf } from "./decode.js";
import { formatBytes, formatMs, formatTime, h, icon, pidChip, plural, sessionChip } from "./elements.js";
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
    h(
      "ol.way",
      {},
      gateway(view),
      mailbox(view),
      instance(view),
      table(view),
      clients(view, onSelect),
      onward(view),
    ),
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

const station = (name, title, ...content) =>
  h(
    `li.station.${name}`,
    {},
    h("span.dot", {}, icon(name)),
    h("div.body", {}, h("h3", {}, title), ...content.flat().filter(Boolean)),
  );

const facts = (...pairs) =>
  h(
    "dl.facts",
    {},
    pairs
      .filter(([, value]) => value !== undefined && value !== "")
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );

function gateway({ packet }) {
  const { letter, viaPost } = packet;
  const by = viaPost ? "HTTP API" : letter.cause === undefined ? "Gateway" : "A function";
  return station(
    "gateway",
    by,
    facts(
      ["connection", letter.connection],
      ["came by", viaPost ? "POST" : letter.texts.length > 0 ? "WebSocket" : undefined],
      ["bytes", letter.bytes > 0 ? formatBytes(letter.bytes) : undefined],
      ["with it", letter.frames > 1 ? plural(letter.frames - 1, "packet") : undefined],
    ),
  );
}

function mailbox({ packet, last }) {
  const { letter, batches } = packet;
  if (letter.queue === "")
    return station(
      "mailbox",
      "No mailbox",
      h("p.note", {}, "Direct ordering: the gateway calls the function itself."),
    );
  return station(
    "mailbox",
    "Mailbox",
    facts(
      ["lane", letter.lane],
      ["group", letter.group],
      ["waited", last === undefined ? "still waits" : formatMs(last.waitedMs)],
      ["batch", last === undefined ? undefined : plural(last.letters, "letter")],
      [
        "handed over",
        batches.length > 1 || (last?.receives ?? 1) > 1
          ? `${last?.receives ?? batches.length} times`
          : undefined,
      ],
    ),
  );
}

function instance({ packet, invocation }) {
  if (invocation?.pid === undefined)
    return station("instance", "Instance", h("p.note", {}, "None has it yet."));
  const { run } = packet;
  const isKilled = invocation.outcome === "crashed";
  return station(
    isKilled ? "instance.bad" : "instance",
    h(
      "span",
      {},
      invocation.function,
      " ",
      pidChip(invocation.pid),
      " ",
      h(`span.tag.${invocation.cold ? "cold" : "warm"}`, {}, invocation.cold ? "cold" : "warm"),
    ),
    !invocation.traced && h("p.note", {}, "Too many ran at once to look into each."),
    isKilled && h("p.note.bad", {}, invocation.message ?? "It ended before it answered."),
    facts(
      ["packet", formatMs(run?.ms)],
      ["replay", formatMs(run?.replayMs)],
      ...(run?.handlers ?? []).map(({ event, ms }) => [`handler ${event}`, formatMs(ms)]),
      ["invocation", formatMs(invocation.ms)],
    ),
  );
}

function table({ table: own, shared }) {
  const all = [...own, ...shared];
  if (all.length === 0) return undefined;
  const [reads, writes] = ["readUnits", "writeUnits"].map((name) =>
    own.reduce((sum, one) => sum + one[name], 0),
  );
  return station(
    "table",
    `Table: ${[plural(own.length, "request"), reads > 0 && plural(reads, "read unit"), writes > 0 && plural(writes, "write unit")].filter(Boolean).join(", ")}`,
    h(
      "ul.requests",
      {},
      all.map((request) => tableRow(request, shared.includes(request))),
    ),
  );
}

const tableRow = ({ action, keys, readUnits, writeUnits, ms, error }, isShared) =>
  h(
    "li",
    {},
    h("span.action", {}, action),
    h("span.units", {}, writeUnits > 0 ? `${writeUnits} W` : `${readUnits} R`),
    h("span.ms", {}, formatMs(ms)),
    h(
      "span.keys",
      {},
      keys.map((key) => h("code", {}, key)),
    ),
    isShared && h("span.tag", { title: "of the invocation, for no packet in particular" }, "shared"),
    error && h("span.tag.bad", {}, error.replace(/Exception$/, "")),
  );

function clients({ packet }, onSelect) {
  const outs = [...packet.outs.values()];
  const appended = packet.table.filter(({ keys }) => keys.some((key) => /^out#/.test(key)));
  if (outs.length + appended.length === 0) return undefined;
  const recipients = outs.reduce((sum, { recipients: some }) => sum + some.length, 0);
  return station(
    "clients",
    `${plural(recipients, "post")}${appended.length > 0 ? `, ${plural(appended.length, "outbox", "outboxes")}` : ""}`,
    h(
      "ul.posts",
      {},
      outs.map((out) =>
        h(
          "li",
          {},
          h("button.link", { type: "button", onclick: () => onSelect(out) }, nameOf(out.decoded)),
          h(
            `span.tag.${out.status === 200 ? "good" : "bad"}`,
            {},
            outcomes[out.status] ?? String(out.status),
          ),
          h(
            "span.to",
            {},
            out.recipients
              .slice(0, 24)
              .map((tag) => (tag === undefined ? h("span.session", {}, "?") : sessionChip(tag))),
            out.recipients.length > 24 && h("span.more", {}, `and ${out.recipients.length - 24} more`),
          ),
        ),
      ),
      appended.map(({ keys }) =>
        h("li", {}, h("span.action", {}, "into the outbox"), h("code", {}, keys[0])),
      ),
    ),
  );
}

const outcomes = { 200: "sent", 410: "gone", 413: "too large", 429: "throttled", 500: "failed" };

function onward({ packet }) {
  if (packet.sent.length === 0) return undefined;
  return station(
    "mailbox",
    plural(packet.sent.length, "letter sent", "letters sent"),
    h(
      "ul.posts",
      {},
      packet.sent.map(({ kind, session, group }) =>
        h("li", {}, h("span.action", {}, kind), session ? sessionChip(session) : h("code", {}, group)),
      ),
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

const sentAlone = (row) =>
  h(
    "ol.way",
    {},
    station(
      "clients",
      row.isPolled ? "Fetched by a GET" : `Post: ${outcomes[row.status] ?? row.status}`,
      facts(
        ["to", row.recipients.length > 1 ? plural(row.recipients.length, "client") : undefined],
        ["answered by", row.pid === undefined ? undefined : pidChip(row.pid)],
        [
          "cause",
          row.isPolled
            ? "the client asked for what is in its outbox"
            : "no packet: the heartbeat, a timer, or a program outside",
        ],
      ),
    ),
  );

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
