import { io as connectTo, type Socket } from "socket.io-client";
import { afterEach, expect, it, vi } from "vitest";
import { Server } from "nonsticky";
import { serve, type Servable, type TestServer } from "nonsticky/testing";
import { installVerification, verificationNamespace } from "../../lib/verify.ts";

type Empty = Record<string, never>;

const token = "sixteen characters";
let server: TestServer | undefined;
let client: Socket | undefined;

afterEach(async () => {
  vi.unstubAllEnvs();
  client?.disconnect();
  await server?.close();
});

/** What the client hears when it connects to the verification's namespace. */
async function connect(io: Servable, auth: Record<string, unknown>): Promise<string> {
  server = await serve(io, { logLevel: "silent" });
  const socket = connectTo(server.url + verificationNamespace, { auth, forceNew: true, reconnection: false });
  client = socket;
  return new Promise((resolve) => {
    socket.on("connect", () => resolve("connected"));
    socket.on("connect_error", ({ message }) => resolve(message));
  });
}

it("adds a namespace for those who know the token", async () => {
  const io = new Server();

  expect(installVerification(io, { token })).toBe(true);

  expect(await connect(io, { token, run: "abcdefgh" })).toBe("connected");
  expect(await client?.emitWithAck("echo", "hello")).toBe("hello");
});

it("takes the token from the environment, and a server of any types", async () => {
  vi.stubEnv("NONSTICKY_VERIFY_TOKEN", token);
  const io = new Server<{ ask: (id: number) => void }, { told: () => void }, Empty, { seats?: number }>();

  expect(installVerification(io)).toBe(true);

  expect(await connect(io, { token, run: "abcdefgh" })).toBe("connected");
});

it.each([
  { title: "another token", auth: { token: "sixteen characterS", run: "abcdefgh" } },
  { title: "no token", auth: { run: "abcdefgh" } },
  { title: "a token that is no text", auth: { token: [token], run: "abcdefgh" } },
  { title: "no run", auth: { token } },
  { title: "the name of another room", auth: { token, run: "../../everyone" } },
])("is not there for a client with $title", async ({ auth }) => {
  const io = new Server();
  installVerification(io, { token });

  expect(await connect(io, auth)).toBe("Invalid namespace");
});

it("does not exist without a token", async () => {
  vi.stubEnv("NONSTICKY_VERIFY_TOKEN", "");
  const io = new Server();

  expect(installVerification(io)).toBe(false);

  expect(await connect(io, { token: "", run: "abcdefgh" })).toBe("Invalid namespace");
});

it("refuses a token in the place of its options, and tells nobody that", () => {
  expect(() => installVerification(new Server(), token as never)).toThrow(
    expect.objectContaining({
      code: "config.bad_option",
      message: "expected options in an object, { token }, of installVerification, got a string",
    }),
  );
});

it("refuses a token that can be guessed", () => {
  expect(() => installVerification(new Server(), { token: "verify" })).toThrow(
    expect.objectContaining({ code: "config.bad_option" }),
  );
});
