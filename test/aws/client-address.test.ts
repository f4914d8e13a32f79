import { describe, expect, it } from "vitest";
import { clientAddress, readTrustedHops } from "../../lib/aws/client-address.ts";

const client = "203.0.113.7";
const edge = "198.51.100.1";
const liar = "192.0.2.66";

describe("the address of a client", () => {
  it.each([
    ["is the peer's, without proxies of ours", undefined, client, 0, client],
    ["is the peer's, who is on the list already", client, client, 0, client],
    ["is not what a client says of itself", liar, client, 0, client],
    ["is not what a client says of itself before its own address", `${liar}, ${client}`, client, 0, client],
    ["is what the edge has seen, where the gateway adds its peer", `${client}, ${edge}`, edge, 1, client],
    ["is what the edge has seen, where the gateway adds nothing", client, edge, 1, client],
    ["is what the edge has seen, behind a lie", `${liar}, ${client}, ${edge}`, edge, 1, client],
    [
      "is what the edge has seen, behind a lie that names the edge",
      `${edge}, ${client}, ${edge}`,
      edge,
      1,
      client,
    ],
    ["is the peer's for whoever goes past the edge", undefined, client, 1, client],
    ["is the peer's for whoever goes past the edge and lists itself", client, client, 1, client],
    ["is found behind two proxies", `${liar}, ${client}, 10.0.0.1, ${edge}`, edge, 2, client],
    ["may be an IPv6 address", `2001:db8::7, ${edge}`, edge, 1, "2001:db8::7"],
    ["may be an IPv6 address of the peer", undefined, "2001:db8::7", 0, "2001:db8::7"],
    [
      "may be one in front of an edge that has one too",
      "2001:db8::7, 2600:9000::1",
      "2600:9000::1",
      1,
      "2001:db8::7",
    ],
    [
      "is not an IPv6 address that the client says of itself",
      "2001:db8::66, 2001:db8::7",
      "2001:db8::7",
      0,
      "2001:db8::7",
    ],
    ["is found whatever the spaces", ` ${client} ,,${edge} `, edge, 1, client],
  ])("%s", (_, forwardedFor, sourceIp, hops, expected) => {
    expect(clientAddress(forwardedFor, sourceIp, hops)).toBe(expected);
  });

  it.each([
    [undefined, 0],
    ["0", 0],
    ["1", 1],
    ["2", 2],
  ])("is looked for behind as many proxies as the environment says: %s", (value, expected) => {
    expect(readTrustedHops(value === undefined ? {} : { NONSTICKY_TRUSTED_HOPS: value })).toBe(expected);
  });

  it.each(["-1", "1.5", "one", "NaN"])("is not looked for behind %s proxies", (value) => {
    expect(() => readTrustedHops({ NONSTICKY_TRUSTED_HOPS: value })).toThrow(/whole number of proxies/);
  });
});
