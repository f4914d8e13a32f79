import { LambdaServiceException } from "@aws-sdk/client-lambda";
import { describe, expect, it, vi } from "vitest";
import { createDeployedFanOut } from "../../lib/aws/deployed-fan-out.ts";
import { createFanOutHandler } from "../../lib/aws/fan-out-handler.ts";
import { createAwsClients } from "../../lib/aws/aws-clients.ts";
import { createLambdaFanOut } from "../../lib/aws/lambda-fan-out.ts";
import type { BroadcastPart } from "../../lib/engine/fan-out.ts";
import type { AwsClient } from "../../lib/requests/aws-client.ts";
import { createMemoryStore } from "../../lib/state/memory-store.ts";
import { startRecordingService } from "../support/recording-service.ts";
import { Rig } from "../support/rig.ts";
import { ManualClock, START_MS } from "../support/manual-clock.ts";

const part: BroadcastPart = {
  nsp: "/",
  rooms: ["lobby"],
  except: [],
  exceptSids: [],
  exceptSocketIds: [],
  frames: ['42["hello"]'],
  volatile: false,
  range: { from: "!", upTo: "~" },
  parts: 2,
  untilMs: START_MS + 20_000,
};
const tally = { delivered: 3, gone: 1, dropped: 0, unknown: 0 };

/** A client whose one answer is that, or who throws it. */
function answering(answer: object | Error) {
  const inputs: Record<string, unknown>[] = [];
  const client = {
    send: ({ input }: { input: Record<string, unknown> }) => {
      inputs.push(input);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  } as unknown as AwsClient;
  return {
    fanOut: (onRefused?: (error: unknown) => void) => createLambdaFanOut(() => client, "fanout", onRefused),
    inputs,
  };
}

const refusal = (name: string, httpStatusCode: number, $fault: "client" | "server" = "client") =>
  new LambdaServiceException({ name, $fault, $metadata: { httpStatusCode }, message: name });

describe("the fan-out function", () => {
  it("is invoked synchronously with the part, and tells what became of it", async () => {
    const { fanOut, inputs } = answering({ StatusCode: 200, Payload: Buffer.from(JSON.stringify(tally)) });

    expect(await fanOut().send(part)).toEqual(tally);
    expect(inputs).toEqual([{ FunctionName: "fanout", Payload: JSON.stringify(part) }]);
  });

  it.each(["signed", "sdk"])(
    "is invoked once, whatever the answer is, by requests of kind %s",
    async (kind) => {
      const service = await startRecordingService();
      service.answerBy(() => ({ status: 500, body: { message: "fault" } }));
      const env = {
        AWS_REGION: "eu-west-1",
        AWS_ACCESS_KEY_ID: "key",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_ENDPOINT_URL_LAMBDA: service.endpoint,
      };
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
      const { fanOut } = createAwsClients({ ...env, NONSTICKY_AWS_CLIENT: kind });

      await expect(createLambdaFanOut(fanOut, "fanout").send(part)).rejects.toThrow("fault");

      expect(service.seen).toHaveLength(1);
      vi.unstubAllEnvs();
      await service.stop();
    },
  );

  it.each([
    ["has no execution free", refusal("TooManyRequestsException", 429)],
    ["is not there", refusal("ResourceNotFoundException", 404)],
    ["is not allowed", refusal("AccessDeniedException", 403)],
    ["takes no more than 6 MB", refusal("RequestTooLargeException", 413)],
  ])("that %s has not begun, for certain", async (_, error) => {
    const refused: unknown[] = [];
    const { fanOut } = answering(error);

    expect(await fanOut((one) => refused.push(one)).send(part)).toBeUndefined();
    expect(refused).toEqual([error]);
  });

  it.each([
    [
      "crashed",
      {
        FunctionError: "Unhandled",
        Payload: Buffer.from('{"errorType":"Runtime.ExitError","errorMessage":"exit"}'),
      },
      "Runtime.ExitError: exit",
    ],
    ["answered with something else", { Payload: Buffer.from("{}") }, "another answer"],
    ["gave no answer", Object.assign(new Error("timed out"), { name: "TimeoutError" }), "timed out"],
    ["broke off", refusal("ServiceException", 500, "server"), "ServiceException"],
  ])("that %s may have sent anything", async (_, answer, message) => {
    const { fanOut } = answering(answer);

    await expect(fanOut().send(part)).rejects.toThrow(message);
  });

  it("is not asked to take what no invocation takes", async () => {
    const { fanOut, inputs } = answering({});

    expect(await fanOut().send({ ...part, frames: ["x".repeat(6_000_001)] })).toBeUndefined();
    expect(inputs).toEqual([]);
  });

  it("is found by an emitter in the table, or not at all", async () => {
    const store = createMemoryStore({ clock: new ManualClock() });
    const asked: string[] = [];
    const open = (name: string) => {
      asked.push(name);
      return { send: () => Promise.resolve(tally) };
    };

    expect(await createDeployedFanOut(store, open).send(part)).toBeUndefined();
    await store.saveDeployment({ savedAtMs: START_MS, fanOutFunction: "chat-dev-fanout" });
    const fanOut = createDeployedFanOut(store, open);
    expect(await fanOut.send(part)).toEqual(tally);
    expect(await fanOut.send(part)).toEqual(tally);
    expect(asked).toEqual(["chat-dev-fanout"]);
  });
});

describe("what it does with a part", () => {
  it("is to send it to whoever is in the range, and to be done before its time is up", async () => {
    const rig = new Rig((io) => io.on("connection", (socket) => void socket.join("lobby")));
    const clients = [await rig.connect(), await rig.connect(), await rig.connect()];
    const handle = createFanOutHandler(rig.createInstance().runtime);
    const [first] = clients.map(({ sid }) => sid).sort();
    rig.transport.drop(clients[1]!.connectionId);

    const sent = await handle(part, { getRemainingTimeInMillis: () => 120_000 });
    const one = { ...part, range: { from: first!, upTo: first! } };
    const late = await handle(one, { getRemainingTimeInMillis: () => 4_000 });

    expect(sent).toEqual({ delivered: 2, gone: 1, dropped: 0, unknown: 0 });
    expect(late.delivered + late.gone).toBe(0);
    expect(clients[0]!.received).toEqual(['42["hello"]']);
  });
});
