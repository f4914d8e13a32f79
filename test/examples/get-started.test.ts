import type { Server } from "nonsticky";
import { serve } from "nonsticky/testing";
import { expect, it, vi } from "vitest";
import { Clients, next } from "../testing/clients.ts";

it("everybody hears the chat messages, the author too", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  const app = new URL("../../examples/get-started/server.ts", import.meta.url).href;
  const load = (instance: number) => import(`${app}?${instance}`) as Promise<{ io: Server }>;
  const server = await serve(load, { instances: 3 });
  const clients = new Clients();
  const [ada, bob] = [clients.connect(server.url), clients.connect(server.url)];
  await Promise.all([next(ada, "connect"), next(bob, "connect")]);
  const heard = Promise.all([next(ada, "chat message"), next(bob, "chat message")]);

  ada.emit("chat message", "hello");

  expect(await heard).toEqual([["hello"], ["hello"]]);
  expect(log).toHaveBeenCalledWith("a user connected");
  clients.closeAll();
  await server.close();
  log.mockRestore();
});
