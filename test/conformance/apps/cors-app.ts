import { Server } from "nonsticky";
import { corsSettings } from "../http-settings.ts";

export const io = new Server(corsSettings);
