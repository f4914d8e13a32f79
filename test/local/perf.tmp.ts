import { startLocal } from "../../infra/local/local.ts";
import { io } from "socket.io-client";
const t0 = performance.now();
const rt = await startLocal({ app: process.argv[2]!, ...JSON.parse(process.argv[3] ?? "{}") });
console.log("ready", rt.url, Math.round(performance.now() - t0), rt.instances().length);
const opt = { transports: ["websocket"], forceNew: true };
const open = () => new Promise<any>((res, rej) => { const s = io(rt.url, opt); s.on("connect", () => res(s)); s.on("connect_error", rej); });
const t1 = performance.now();
const c = await open();
console.log("connected", Math.round(performance.now() - t1));
const lat: number[] = [];
for (let i = 0; i < 200; i++) { const t = performance.now(); const a = await c.timeout(5000).emitWithAck("echo", i); if (a !== i) throw a; lat.push(performance.now() - t); }
lat.sort((a, b) => a - b); console.log("echo p50", lat[100], "p99", lat[197]);
const t2 = performance.now();
const cs = await Promise.all(Array.from({ length: 50 }, open));
console.log("50 connected", Math.round(performance.now() - t2));
for (const w of [0, 1]) { const t3 = performance.now();
await Promise.all(cs.map(async (x) => { for (let i = 0; i < 30; i++) await x.timeout(30000).emitWithAck("echo", i); }));
console.log("rate", 1500 / ((performance.now() - t3) / 1000), rt.instances().length); }
import { readFileSync } from "node:fs"; import { execSync } from "node:child_process";
console.log("self", process.cpuUsage().user/1000|0, process.cpuUsage().system/1000|0);
console.log(execSync(`ps --ppid ${process.pid} -o pid,time,rss,args --sort=-time | cut -c1-110 | head -12`).toString());
const { pidsBySid, ...st } = rt.stats(); console.log(st);
for (const x of cs) x.close(); c.close();
await rt.idle(); await rt.stop(); console.log("stopped");
