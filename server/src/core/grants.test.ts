import { beforeEach, expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./log.ts";
import type { Grant } from "./ports.ts";
import type { Publisher } from "./publisher.ts";
import { Registry } from "./registry.ts";

let clock: FakeClock;
let registry: Registry;
let kicked: string[];

beforeEach(() => {
  clock = new FakeClock();
  registry = new Registry({ clock, log: silentLog, limits: { maxViewersPerStream: 3 } });
  kicked = [];
});

function publish(grant: Omit<Grant, "stream">): Publisher {
  return registry.publish({
    stream: "live/cam",
    grant: { stream: "live/cam", ...grant },
    transport: "rtmp",
    address: "192.0.2.1",
    onKick: (reason) => kicked.push(reason),
  });
}

test("a publisher is ended when its right ends", () => {
  const publisher = publish({ expiresWallMs: clock.wallMs() + 10_000 });
  clock.advance(9_900);
  expect(kicked).toEqual([]);
  clock.advance(1_100);
  expect(kicked).toEqual(["ACCESS_EXPIRED"]);
  publisher.close("ACCESS_EXPIRED");
});

test("one that left is not ended", () => {
  publish({ expiresWallMs: clock.wallMs() + 10_000 }).close("CLIENT_STOPPED");
  clock.advance(20_000);
  expect(kicked).toEqual([]);
});

test("a viewer is ended when its right ends, and only that one", () => {
  const { stream } = publish({});
  for (const [id, expiresWallMs] of [
    ["soon", clock.wallMs() + 2000],
    ["later", clock.wallMs() + 9000],
    ["never", undefined],
  ] as const) {
    const viewer = stream.addViewer({
      id,
      grant: { stream: "live/cam", expiresWallMs },
      transport: "http-flv",
      address: "192.0.2.2",
      onKick: (reason) => {
        kicked.push(`${id} ${reason}`);
        viewer.close();
      },
    });
  }
  clock.advance(3000);
  expect(kicked).toEqual(["soon ACCESS_EXPIRED"]);
  expect([...stream.viewers.keys()]).toEqual(["later", "never"]);
});

test("a publisher's grant bounds the viewers of its stream, the next one's its own", () => {
  const first = publish({ maxViewers: 1 });
  const { stream } = first;
  const join = () => stream.addViewer({ transport: "sse", address: "192.0.2.2" });
  join();
  expect(join).toThrow(expect.objectContaining({ code: "VIEWERS_FULL" }));
  first.close("GONE");
  publish({});
  join();
  join();
  expect(join).toThrow(expect.objectContaining({ code: "VIEWERS_FULL" }));
});
