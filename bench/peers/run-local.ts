/** nonsticky as `npm run dev` runs it: gateway, queue, table, and two instances of each function. Tells its parent the URL. */
import { fileURLToPath } from "node:url";
import { startLocal } from "../../infra/local/local.ts";

const app = fileURLToPath(new URL("./nonsticky-app.ts", import.meta.url));
/** A busy machine makes some: a round that is far from the others may be theirs. */
let lines = 0;
const runtime = await startLocal({ app, instances: 2, log: () => (lines += 1) });
process.once("disconnect", () => {
  if (lines > 0) console.log(`${lines} lines in the log of the local runtime`);
  void runtime.stop().then(() => process.exit(0));
});
process.send?.([runtime.url]);
