import { io } from "socket.io-client";
import type { Check } from "../check.ts";
import { judge } from "../outcome.ts";
import { verificationNamespace } from "../../../lib/verify.ts";
import type { Stage } from "../stage.ts";

const get = async (stage: Stage, url: string, method = "GET", body?: string) => {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(stage.limits.patienceMs),
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text() };
};

const emptyRest: Check = {
  id: "empty-rest",
  title: "`{proxy+}` of the HTTP API with an empty rest",
  assumption: "`<path>/?…`, where clients go, reaches the function, as what lies below does",
  usedIn: ["serverless.yml"],
  needs: ["poll"],
  async run(stage) {
    const { pollUrl = "" } = stage.options;
    const query = "?EIO=4&transport=polling";
    const answers = await Promise.all(["/", "/below/"].map((rest) => get(stage, pollUrl + rest + query)));
    const came = answers.map(({ status, text }) => `${status} ${text.slice(0, 2)}`).join(", ");
    return judge(
      answers.every(({ status, text }) => status === 200 && text.startsWith("0{")),
      `with a slash and below it: ${came}`,
    );
  },
};

interface HttpRow {
  readonly query: string;
  readonly method?: string;
  readonly body?: string;
  readonly status: number;
  readonly code: number;
}

/** What the reference server answers to requests that are wrong. */
const httpRows: readonly HttpRow[] = [
  { query: "EIO=4", status: 400, code: 0 },
  { query: "EIO=4&transport=abc", status: 400, code: 0 },
  { query: "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", status: 400, code: 1 },
  {
    query: "EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA",
    method: "POST",
    body: "40",
    status: 400,
    code: 1,
  },
  { query: "EIO=4&transport=polling", method: "POST", body: "40", status: 400, code: 2 },
  { query: "EIO=4&transport=polling", method: "PUT", body: "40", status: 400, code: 2 },
  { query: "EIO=4&transport=websocket", status: 400, code: 3 },
  { query: "transport=polling", status: 400, code: 5 },
  { query: "EIO=5&transport=polling", status: 400, code: 5 },
];

const httpConformance: Check = {
  id: "rows-http",
  title: "conformance over HTTP",
  assumption: "requests that are wrong are answered as by the reference server",
  usedIn: ["test/conformance/http-rows.ts"],
  needs: ["poll"],
  async run(stage) {
    const wrong: string[] = [];
    for (const { query, method = "GET", body, status, code } of httpRows) {
      const answer = await get(stage, `${stage.options.pollUrl}/?${query}`, method, body);
      const isRight = answer.status === status && answer.text.startsWith(`{"code":${code},`);
      if (!isRight) wrong.push(`${method} ?${query}: ${answer.status} ${answer.text.slice(0, 60)}`);
    }
    const came =
      wrong.length === 0 ? `${httpRows.length} rows` : `${wrong.length} differ: ${wrong.join("; ")}`;
    return judge(wrong.length === 0, came);
  },
};

const edgeSocket: Check = {
  id: "edge-websocket",
  title: "the edge chooses the origin of an upgrade request",
  assumption: "`transport=websocket` at the edge reaches the WebSocket API",
  usedIn: ["infra/edge.yml", "infra/edge/choose-origin.js", "docs/decisions/0016-edge-chooses-origin.md"],
  needs: ["edge"],
  async run(stage) {
    const { edgeUrl = "", path } = stage.options;
    const wire = stage.connect(stage.address(`${edgeUrl}${path}/`));
    await wire.next("0{");
    return judge(true, "101 and OPEN");
  },
};

const edgeUpgrade: Check = {
  id: "edge-upgrade",
  title: "a stock client with default options at the edge",
  assumption: "it polls first and moves to a WebSocket",
  usedIn: ["infra/edge.yml", "lib/engine/polling/on-probe.ts"],
  needs: ["edge", "app"],
  async run(stage) {
    const { edgeUrl = "", path, token } = stage.options;
    const socket = io(edgeUrl + verificationNamespace, {
      path,
      auth: { token, run: stage.run },
      forceNew: true,
      reconnection: false,
    });
    const { engine } = socket.io;
    const transports: string[] = [];
    engine.once("open", () => transports.push(engine.transport.name));
    try {
      await once(stage, (resolve, reject) => {
        let waitsFor = 2;
        const done = () => (waitsFor -= 1) === 0 && resolve();
        socket.once("connect", done);
        socket.once("connect_error", reject);
        engine.once("upgrade", done);
      });
      transports.push(engine.transport.name);
      const echo: unknown = await socket.timeout(stage.limits.patienceMs).emitWithAck("echo", "moved");
      const came = `${transports.join(", then ")}; an echo ${echo === "moved" ? "came" : "was another"}`;
      return judge(echo === "moved" && transports.join() === "polling,websocket", came);
    } finally {
      socket.disconnect();
    }
  },
};

function once(
  stage: Stage,
  begin: (resolve: () => void, reject: (error: Error) => void) => void,
): Promise<void> {
  const { patienceMs } = stage.limits;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no connection or upgrade within ${patienceMs} ms`)),
      patienceMs,
    );
    const settle = () => clearTimeout(timer);
    begin(
      () => (settle(), resolve()),
      (error) => (settle(), reject(error)),
    );
  });
}

export const pollingChecks: readonly Check[] = [emptyRest, httpConformance, edgeSocket, edgeUpgrade];
