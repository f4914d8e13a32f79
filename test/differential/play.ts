import { io as connect, type Manager } from "socket.io-client";
import { WireClient, type WireClientOptions } from "../support/wire-client.ts";
import { nspOf } from "./install.ts";
import { Participant } from "./participant.ts";
import type { ClientOptions, Scenario } from "./scenario.ts";
import { Transcript } from "./transcript.ts";

/** Plays a script against a server and returns what everybody saw. `arrival`: what clients use to get there. */
export async function play(
  scenario: Scenario,
  url: string,
  arrival: Pick<ClientOptions, "transports" | "upgrade"> = { transports: ["websocket"] },
): Promise<Record<string, readonly string[]>> {
  const transcript = new Transcript();
  const nsp = nspOf(scenario);
  const managers = new Set<Manager>();
  const wires: { lane: string; client: WireClient }[] = [];

  const client = (lane: string, options: ClientOptions = {}): Participant => {
    const { nsp: suffix, beside, ...rest } = options;
    const name = suffix === undefined ? nsp : suffix === "/" ? "/" : `${nsp}/${suffix}`;
    const settings = { ...arrival, reconnection: false, forceNew: true, ...rest };
    const socket =
      beside === undefined ? connect(`${url}${name}`, settings) : beside.socket.io.socket(name, settings);
    managers.add(socket.io);
    return new Participant(transcript, lane, socket);
  };
  const wire = async (lane: string, options?: WireClientOptions): Promise<WireClient> => {
    const opened = await WireClient.open(url, options);
    wires.push({ lane, client: opened });
    return opened;
  };

  try {
    await scenario.script({ client, wire, nsp });
    for (const { lane, client: one } of wires) noteFrames(transcript, lane, one);
    return transcript.toLanes();
  } finally {
    for (const manager of managers) manager._close();
    for (const { client: one } of wires) one.hangUp();
  }
}

/** Session ids are secrets of their connection, sockets' ids public; both are named by the order they appear in. */
function noteFrames(transcript: Transcript, lane: string, client: WireClient): void {
  let ids = 0;
  for (const frame of client.frames) {
    const sid = /^(?:0|40[^{]*)\{"sid":"([^"]+)"/.exec(frame)?.[1];
    transcript.name(sid, `${lane}:${ids++}`);
    transcript.note(lane, frame);
  }
  if (client.end !== undefined) transcript.note(lane, "closed");
}
