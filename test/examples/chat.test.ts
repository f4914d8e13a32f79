import type { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { expect, it } from "vitest";
import { Clients, next } from "../testing/clients.ts";

it("two people in a room hear each other come, speak and go", async () => {
  const app = new URL("../../examples/chat/server.ts", import.meta.url).href;
  const load = (instance: number) => import(`${app}?${instance}`) as Promise<{ io: Server }>;
  const server = await serve(load, { instances: 3 });
  const clients = new Clients();
  const [ada, bo] = [clients.connect(server.url), clients.connect(server.url)];
  const entered: unknown = await ada.emitWithAck("enter", "Ada", ["garden"]);
  const joined = next(ada, "joined");

  await bo.emitWithAck("enter", "Bo", []);
  await bo.emitWithAck("join", "garden");
  const [room, person] = await joined;
  const heard = next(ada, "message");
  const answer: unknown = await bo.emitWithAck("say", "garden", { id: "message-1", text: " hello " });
  const [message] = await heard;
  const left = next(ada, "left");
  bo.close();

  expect(entered).toMatchObject({ ok: true, you: { nickname: "Ada" } });
  expect({ room, person }).toMatchObject({ room: "lobby", person: { nickname: "Bo" } });
  expect(answer).toMatchObject({ ok: true });
  expect(message).toMatchObject({ id: "message-1", room: "garden", text: "hello", from: { nickname: "Bo" } });
  expect((await left)[1]).toMatchObject({ nickname: "Bo" });
  clients.closeAll();
  await server.close();
});
