import { readFileSync } from "node:fs";
import path from "node:path";
import { listPlayers, play, type Outcome, type Player } from "./players.ts";
import { startChaos, startServers, type Parser, type ServerName } from "./servers.ts";
import { readCells, toCell, toTable, type Cells } from "./table.ts";

/**
 * `npm run test:clients`: asks the official server and ours for the same features with clients in other languages, prints the
 * table of docs/clients.md, and fails where that one says otherwise.
 */

const page = path.resolve(import.meta.dirname, "../../docs/clients.md");
/** A connection to a busy machine may be late: what differs is asked for again. */
const ROUNDS = 2;

const players = listPlayers();
const written = readCells(readFileSync(page, "utf8"));
const found = new Map<string, Cells>();
for (const parser of ["default", "msgpack"] as const) {
  await withServers(parser, async (playOnBoth) => {
    for (const player of players.filter((one) => one.parser === parser)) {
      let cells: Cells = new Map();
      for (let round = 0; round < ROUNDS; round += 1) {
        const { official, nonsticky } = await playOnBoth(player);
        cells = new Map(nonsticky.map((ours, index) => [ours.feature, toCell(ours, official[index])]));
        if (listDifferences(player, cells).length === 0) break;
        report(player, { official, nonsticky });
      }
      found.set(player.title, cells);
    }
  });
}

const chaos = await startChaos();
const braveOnes = players.filter(({ braves }) => braves);
// All at once: they wait most of the time.
const brave = await Promise.all(braveOnes.map((player) => play(player, chaos.url, "chaos")));
for (const [index, player] of braveOnes.entries()) {
  const outcomes = brave[index] ?? [];
  const cells = new Map(outcomes.map((outcome) => [outcome.feature, toCell(outcome, undefined)]));
  report(player, { nonsticky: outcomes });
  found.set(player.title, new Map([...(found.get(player.title) ?? []), ...cells]));
}
await chaos.stop();

process.stdout.write(`\n${toTable(found)}\n`);
const differences = players.flatMap((player) =>
  listDifferences(player, found.get(player.title) ?? new Map()),
);
for (const difference of differences) process.stderr.write(`${difference}\n`);
// Clients' programs may have left connections open.
process.exit(differences.length === 0 ? 0 : 1);

type Both = Readonly<Record<ServerName, readonly Outcome[]>>;

async function withServers(
  parser: Parser,
  use: (playOnBoth: (player: Player) => Promise<Both>) => Promise<void>,
): Promise<void> {
  const servers = await startServers(parser);
  try {
    await use(async (player) => {
      const [official, nonsticky] = await Promise.all([
        play(player, servers.official.url),
        play(player, servers.nonsticky.url),
      ]);
      return { official, nonsticky };
    });
  } finally {
    await Promise.all([servers.official.stop(), servers.nonsticky.stop()]);
  }
}

function listDifferences({ title }: Player, cells: Cells): readonly string[] {
  return [...cells].flatMap(([feature, cell]) => {
    const said = written.get(title)?.get(feature);
    return said === cell
      ? []
      : [`expected docs/clients.md to say ${cell} of ${title}, ${feature}, got ${said}`];
  });
}

/** Why something does not work, for whoever has to find out. */
function report({ title }: Player, both: Partial<Both>): void {
  for (const [server, outcomes] of Object.entries(both)) {
    for (const { feature, works, word } of outcomes) {
      if (!works) process.stdout.write(`${title}, ${server}, ${feature}: ${word}\n`);
    }
  }
}
