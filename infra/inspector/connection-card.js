import { formatAge, h, hueOf, icon, pidChip, plural } from "./elements.js";

const MAX_ROOMS = 6;
const MAX_PIDS = 6;

/**
 * All that is shown of a connection, and nothing that changes without being seen.
 *
 * @param {object} session of the model
 * @param {object | undefined} found what the table has of it
 */
export function factsOf(session, found, isChosen, nowMs) {
  const { tag, sid, transport, connection, packets, ended, isDropped, openedAtMs } = session;
  const pids = [...session.pids];
  const rooms = [...new Set((found?.sockets ?? []).flatMap((socket) => socket.rooms))];
  return {
    tag,
    isChosen,
    isEnded: Boolean(ended),
    isBad: Boolean(isDropped || ended),
    age: ended ? "ended" : formatAge(nowMs - openedAtMs),
    packets,
    state: typeof ended === "string" ? ended : isDropped ? "network dropped" : transport,
    rooms: rooms.slice(0, MAX_ROOMS),
    moreRooms: rooms.length - MAX_ROOMS,
    pids: pids.slice(-MAX_PIDS),
    allPids: pids.length,
    row: isChosen && found !== undefined ? { sid, sockets: found.sockets } : undefined,
    canAct: isChosen && !ended && connection !== undefined && !isDropped ? connection : undefined,
  };
}

export function drawConnection(facts) {
  const { tag, isChosen, isEnded, isBad, age, packets, state, rooms, moreRooms, pids, allPids } = facts;
  return h(
    "li.connection",
    { hue: hueOf(tag), ...(isEnded ? { "data-ended": true } : {}) },
    h(
      "button.choose",
      { type: "button", dataset: { session: tag }, "aria-pressed": String(isChosen) },
      h("span.name", {}, tag.slice(0, 6)),
      h("span.facts", {}, `${age} · ${plural(packets, "packet")}`),
      h(
        "span.rooms",
        {},
        h(`span.transport${isBad ? ".bad" : ""}`, {}, state),
        rooms.map((room) => h("span.room", {}, room)),
        moreRooms > 0 && h("span.room", {}, `+${moreRooms}`),
      ),
      h(
        "span.pids",
        {},
        pids.map(pidChip),
        allPids > pids.length && h("span.more", {}, `of ${allPids} processes`),
      ),
    ),
    facts.row !== undefined && drawRow(facts.row),
    facts.canAct !== undefined &&
      h(
        "div.acts",
        {},
        actButton("drop", facts.canAct, "Drop its network"),
        actButton("expire", facts.canAct, "Expire it"),
      ),
  );
}

function drawRow({ sid, sockets }) {
  return h(
    "dl.table-row",
    {},
    h("div", {}, h("dt", {}, "sid"), h("dd", {}, h("code", {}, sid))),
    sockets.flatMap(({ nsp, id, data }) => [
      h("div", {}, h("dt", {}, `socket in ${nsp}`), h("dd", {}, h("code", {}, id))),
      h(
        "div",
        {},
        h("dt", {}, "data"),
        h(
          "dd",
          {},
          Object.keys(data).length === 0
            ? "none"
            : Object.entries(data).map(([name, value]) => h("code.datum", {}, `${name}: ${value}`)),
        ),
      ),
    ]),
  );
}

const actButton = (action, connection, text) =>
  h(
    "button.quiet",
    { type: "button", dataset: { act: action, connection, is: `${action} ${connection}` } },
    icon(action),
    text,
  );
