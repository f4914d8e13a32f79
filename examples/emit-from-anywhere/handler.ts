/** A Lambda function that emits what EventBridge, a queue, or whoever invokes it asks for. */
import { Server } from "nonsticky";
import { connectEmitter } from "nonsticky/emitter";

const io = new Server({ connectionStateRecovery: {} });

export const handler = connectEmitter(io);
