/**
 * What a packet would cost on AWS, in US dollars, from what was counted and list prices. What a batch shares is divided
 * by its letters; durations are this machine's.
 */

const FRAME_BYTES = 32 * 1024;
const messagesIn = (bytes) => Math.max(1, Math.ceil(bytes / FRAME_BYTES));

/**
 * @param {object} packet of the model
 * @param {Record<string, number>} prices a unit, by meter
 * @param {number} memoryMegabytes of the function that ran it
 * @returns {{ what: string, amount: number, unit: string, dollars: number }[]}
 */
export function reckon(packet, prices, memoryMegabytes) {
  const { letter, batch, table, posts, viaPost } = packet;
  const share = 1 / Math.max(1, batch?.letters ?? 1);
  // A frame's part of a POST with several.
  const part = 1 / Math.max(1, letter.frames);
  const usage = [
    [
      "websocketMessages",
      "messages in and out",
      "",
      (viaPost || letter.texts.length === 0 ? 0 : messagesIn(letter.bytes)) +
        posts.filter(({ status }) => status === 200).reduce((sum, { bytes }) => sum + messagesIn(bytes), 0),
    ],
    ["httpRequests", "HTTP request", "", viaPost ? part : 0],
    ["queueRequests", "queue requests", "", letter.queue === "" ? 0 : part + 2 * share * part],
    ["lambdaRequests", "invocation", "", share * part],
    [
      "lambdaGbSeconds",
      "compute",
      " GB·s",
      ((batch?.ms ?? 0) / 1000) * (memoryMegabytes / 1024) * share * part,
    ],
    ["readUnits", "table reads", "", sum(table, "readUnits")],
    ["writeUnits", "table writes", "", sum(table, "writeUnits")],
  ];
  return usage
    .filter(([, , , amount]) => amount > 0)
    .map(([meter, what, unit, amount]) => ({ what, unit, amount, dollars: amount * prices[meter] }));
}

const sum = (requests, meter) => requests.reduce((total, request) => total + request[meter], 0);

/** Packets that cost so much, by the million: what people compare. */
export function perMillion(lines) {
  return lines.reduce((total, { dollars }) => total + dollars, 0) * 1_000_000;
}
