/**
 * A headline for everybody who is connected, from the command line:
 *
 *     npx tsx emit.ts "The train to Brno leaves from platform 3"
 */
import { Server } from "nonsticky";
import { connectEmitter } from "nonsticky/emitter";

const [text] = process.argv.slice(2);
if (text === undefined) throw new Error('expected a headline: emit.ts "…"');

// The app's own options: a parser, or connection state recovery, is something the clients count on.
const io = new Server({ connectionStateRecovery: {} });
connectEmitter(io);

io.emit("headline", text);
const { delivered } = await io.flush();
console.log(`delivered to ${delivered}`);
