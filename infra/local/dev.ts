/** `npm run dev` */
import { runDev } from "./dev-command.ts";

await runDev(process.argv.slice(2));
