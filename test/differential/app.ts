import { createIo } from "./served.ts";

export const io = createIo();
