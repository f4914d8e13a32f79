import { startStack } from "../../infra/local/local.ts";
import { topology } from "./fixtures/topology.ts";
import { connect } from "./fixtures/client.ts";
const t0 = performance.now();
const rt = await startStack(topology, { app: "test/local/fixtures/app.ts", ...JSON.parse(process.argv[2] ?? "{}") });
console.log("ready", rt.url, performance.now() - t0, rt.instances());
const c = await connect(rt.url + "/socket.io/");
console.log(await c.next());


const lat: number[] = [];
for (let i = 0; i < 300; i++) { const t = performance.now(); c.socket.send("echo " + i); if (await c.next() !== String(i)) throw i; lat.push(performance.now() - t); }
lat.sort((a, b) => a - b); console.log("echo p50", lat[150], "p99", lat[297]);
const cs = await Promise.all(Array.from({ length: 50 }, () => connect(rt.url + "/dev")));
for (const x of cs) await x.next();
const t1 = performance.now();
await Promise.all(cs.map(async (x) => { for (let i = 0; i < 40; i++) { x.socket.send("echo " + i); await x.next(); } }));
console.log("rate", 2000 / ((performance.now() - t1) / 1000), rt.instances().length);
await rt.idle(); const { pidsBySid, ...st } = rt.stats(); console.log(st, pidsBySid.size);
await rt.stop(); console.log("stopped");
