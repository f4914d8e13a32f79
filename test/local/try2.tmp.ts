import { readTopology } from "../../infra/local/service/read-topology.ts";
let t=performance.now();
console.dir(await readTopology("/work/main", "fifo"),{depth:9}); console.log(performance.now()-t); t=performance.now();
console.dir((await readTopology("/work/main", "direct")).routes,{depth:9}); console.log(performance.now()-t);t=performance.now();
await readTopology("/work/main", "direct"); console.log(performance.now()-t);
