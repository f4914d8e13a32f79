import { describeArgs, nameOf } from "./decode.js";
import { formatMs, formatTime, h, hueOf, icon, pidChip, plural, sessionChip } from "./elements.js";
import { KeyedList } from "./keyed-list.js";

const ROW_HEIGHT = 34;
/** Rows above and below those that are seen. */
const MARGIN = 6;

/**
 * The stream of packets: a list of which only what is seen is in the document, the newest last. It stays at the end until
 * somebody scrolls away from it.
 */
export class PacketList {
  #box;
  #canvas;
  #drawn;
  #empty;
  #latest;
  #onSelect;
  #rows = [];
  #selected;
  #sticks = true;

  constructor({ box, empty, latest, onSelect }) {
    this.#box = box;
    this.#empty = empty;
    this.#latest = latest;
    this.#onSelect = onSelect;
    this.#canvas = h("div.canvas", { role: "presentation" });
    this.#drawn = new KeyedList(this.#canvas);
    box.append(this.#canvas);
    box.addEventListener("scroll", () => {
      const left = box.scrollHeight - box.clientHeight - box.scrollTop;
      this.#sticks = left < ROW_HEIGHT;
      this.#latest.hidden = this.#sticks;
      this.#draw();
    });
    box.addEventListener("click", (event) => {
      const row = event.target.closest("[data-key]");
      if (row !== null) this.select(this.#rows.find(({ key }) => key === Number(row.dataset.key)));
    });
    latest.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#draw()).observe(box);
  }

  get selected() {
    return this.#selected;
  }

  show(rows) {
    this.#rows = rows;
    this.#empty.hidden = rows.length > 0;
    this.#canvas.style.height = `${rows.length * ROW_HEIGHT}px`;
    if (this.#sticks) this.#box.scrollTop = this.#box.scrollHeight;
    this.#draw();
  }

  select(row) {
    this.#selected = row;
    if (row !== undefined) this.#reveal(this.#rows.indexOf(row));
    this.#draw();
    this.#onSelect(row);
  }

  /** The row so many further down, or up. */
  move(by) {
    const at = this.#rows.indexOf(this.#selected);
    const next = at < 0 ? this.#rows.length - 1 : Math.max(0, Math.min(this.#rows.length - 1, at + by));
    if (this.#rows[next] !== undefined) this.select(this.#rows[next]);
  }

  toEnd() {
    this.#sticks = true;
    this.#latest.hidden = true;
    this.show(this.#rows);
  }

  #reveal(index) {
    if (index < 0) return;
    const [top, bottom] = [index * ROW_HEIGHT, (index + 1) * ROW_HEIGHT];
    const { scrollTop, clientHeight } = this.#box;
    if (top < scrollTop) this.#box.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.#box.scrollTop = bottom - clientHeight;
  }

  #draw() {
    const { scrollTop, clientHeight } = this.#box;
    const first = Math.max(0, Math.floor(scrollTop / ROW_HEIGHT) - MARGIN);
    const last = Math.min(this.#rows.length, Math.ceil((scrollTop + clientHeight) / ROW_HEIGHT) + MARGIN);
    const seen = this.#rows.slice(first, last);
    const elements = this.#drawn.show(
      seen.map((row) => ({ key: row.key, facts: factsOf(row), build: () => drawRow(row) })),
    );
    for (const [offset, element] of elements.entries()) this.#put(element, seen[offset], first + offset);
    const isDrawn = seen.includes(this.#selected);
    if (isDrawn) this.#box.setAttribute("aria-activedescendant", `row-${this.#selected.key}`);
    else this.#box.removeAttribute("aria-activedescendant");
  }

  /** Where it is, which changes with what comes and goes; it itself does not. */
  #put(element, row, index) {
    element.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
    element.setAttribute("aria-posinset", String(index + 1));
    element.setAttribute("aria-setsize", String(this.#rows.length));
    element.setAttribute("aria-selected", String(row === this.#selected));
  }
}

/** What of a row may change while it is seen. */
const factsOf = ({ run, pid, outcome, status, recipients, logs, batches }) =>
  [run?.ms, pid, outcome, status, recipients?.length, logs?.length, batches?.length].join();

const drawRow = (row) =>
  h(
    `div.row.${row.type}${row.type === "out" && row.cause !== undefined ? ".caused" : ""}`,
    {
      id: `row-${row.key}`,
      role: "option",
      dataset: { key: row.key },
      ...(row.session === undefined ? {} : { hue: hueOf(row.session) }),
    },
    h("time", {}, formatTime(row.atMs)),
    ...cellsOf(row),
  );

function cellsOf(row) {
  switch (row.type) {
    case "in":
    case "out":
      return packetCells(row);
    case "life":
      return [
        arrow("life"),
        h("span.who", {}, row.session ? sessionChip(row.session) : ""),
        h("span.what", {}, h("b", {}, row.name)),
        ...endCells(row),
      ];
    case "log":
      return [
        arrow("log"),
        h("span.who", {}, row.session ? sessionChip(row.session) : ""),
        h(`span.what.${row.log.level}`, {}, row.log.message),
        h("span.where", {}, row.pid ? pidChip(row.pid) : ""),
        h("span.took"),
      ];
    default:
      return [h("span.what.gap-text", {}, "nobody was watching here")];
  }
}

function packetCells(row) {
  const { decoded, type } = row;
  const { nsp, id } = decoded;
  const args = decoded.kind === "other" ? row.text : describeArgs(decoded);
  const who =
    type === "out" && row.recipients.length > 1
      ? h("span.many", { title: row.recipients.join("\n") }, plural(row.recipients.length, "client"))
      : row.session
        ? sessionChip(row.session)
        : "";
  const what = h(
    "span.what",
    {},
    nsp !== undefined && nsp !== "/" && h("span.nsp", {}, nsp),
    h(decoded.event === undefined ? "b.kind" : "b", {}, nameOf(decoded)),
    id !== undefined && h("span.ack", { title: `acknowledgement ${id}` }, `#${id}`),
    args !== "" && h("span.args", {}, args),
  );
  return [arrow(type), h("span.who", {}, who), what, ...(type === "in" ? endCells(row) : outCells(row))];
}

function endCells(row) {
  const { run, pid, logs } = row;
  const worst = ["error", "warn"].find((level) => logs.some((log) => log.level === level));
  return [
    h(
      "span.where",
      {},
      worst && h(`span.flag.${worst}`, { title: plural(logs.length, "line"), "aria-label": worst }, "!"),
      row.batches.length > 1 &&
        h("span.flag.warn", { title: "handed over again", "aria-label": "handed over again" }, "↻"),
      pid !== undefined && pidChip(pid),
    ),
    h(
      "span.took",
      {},
      row.outcome === "crashed" && run === undefined ? h("span.killed", {}, "killed") : formatMs(run?.ms),
    ),
  ];
}

const outCells = (row) => [
  h("span.where", {}, row.cause === undefined && row.pid !== undefined ? pidChip(row.pid) : ""),
  h("span.took", {}, row.status === 200 ? "" : h("span.refused", {}, String(row.status))),
];

const arrow = (type) => {
  const names = { in: "from a client", out: "to clients", life: "connection", log: "log" };
  return h("span.arrow", { title: names[type] }, icon(type), h("span.unseen", {}, names[type]));
};

/** Whether a row has all words, in what it shows or in its raw text. */
export function matches(row, words, session, showPings) {
  if (row.type === "gap") return words.length === 0 && session === undefined;
  if (row.isPing && !showPings) return false;
  if (session !== undefined && row.session !== session && !row.recipients?.includes(session)) return false;
  if (words.length === 0) return true;
  row.haystack ??=
    `${row.text ?? ""} ${row.name ?? ""} ${row.decoded?.kind ?? ""} ${row.log?.message ?? ""} ${row.session ?? ""} ${row.letter?.connection ?? ""}`.toLowerCase();
  const hay = row.pid === undefined ? row.haystack : `${row.haystack} ${row.pid}`;
  return words.every((word) => hay.includes(word));
}
