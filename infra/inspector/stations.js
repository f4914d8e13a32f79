import { nameOf } from "./decode.js";
import { formatBytes, formatMs, h, icon, pidChip, plural, sessionChip } from "./elements.js";

/** Where a packet comes by, in order, and what each place did for it. */
export const drawStations = (view, onSelect) =>
  h(
    "ol.way",
    {},
    gateway(view),
    mailbox(view),
    instance(view),
    table(view),
    clients(view, onSelect),
    onward(view),
  );

/** Of what went out with no packet before it. */
export const sentAlone = (row) =>
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
