import { expect, test } from "vitest";
import { maxRelayedAddresses, ViewerPath } from "./viewer-path.ts";

const traffic = { ownBytesSent: 0, bytesReceived: 0, waitingBytes: 0, protocol: "udp" } as const;
const at = (address: string, port: number) => ({ remote: { address, port }, traffic });
const candidate = (port: number) =>
  `candidate:1 1 udp 41885439 198.51.100.9 ${port} typ relay raddr 203.0.113.4 rport 5000`;

test("a path is relayed when it goes to an address that the client calls so, in its offer or later", () => {
  const path = new ViewerPath();
  expect(path.of({ remote: undefined, traffic })).toBeUndefined();
  path.note(
    `v=0\r\na=candidate:1 1 udp 2122260223 203.0.113.4 5000 typ host\r\na=${candidate(6000)}\r\n`,
  );
  path.note(candidate(6001));
  const kinds = [5000, 6000, 6001, 6002].map((port) => path.of(at("198.51.100.9", port)));
  expect(kinds).toEqual(["udp", "relay", "relay", "udp"]);
  expect(path.of(at("203.0.113.4", 6000))).toBe("udp");
});

test("the last path is still told when there is none any more", () => {
  const path = new ViewerPath();
  path.note(candidate(6000));
  path.of(at("198.51.100.9", 6000));
  expect(path.of({ remote: undefined, traffic })).toBe("relay");
});

test("as many relayed addresses are remembered as may be", () => {
  const path = new ViewerPath();
  for (let port = 1; port <= maxRelayedAddresses + 1; port++) path.note(candidate(port));
  expect(path.of(at("198.51.100.9", maxRelayedAddresses))).toBe("relay");
  expect(path.of(at("198.51.100.9", maxRelayedAddresses + 1))).toBe("udp");
});
