import { expect, test } from "vitest";
import { FakeClock } from "./fake-clock.ts";
import { silentLog } from "./log.ts";
import { Registry } from "./registry.ts";

test("a session of any stream is ended by its id, and only while it lasts", () => {
  const registry = new Registry({ clock: new FakeClock(), log: silentLog });
  const kicked: string[] = [];
  const publish = (stream: string) =>
    registry.publish({
      ...{ stream, transport: "rtmp", address: "127.0.0.1" },
      onKick: (reason) => kicked.push(`${stream} ${reason}`),
    });
  const [first, second] = [publish("live/a"), publish("live/b")];
  const viewer = second.stream.addViewer({
    ...{ transport: "whep", address: "127.0.0.1" },
    onKick: (reason) => kicked.push(`viewer ${reason}`),
  });
  const quiet = second.stream.addViewer({ transport: "icy", address: "127.0.0.1" });
  expect(registry.kick(viewer.id, "KICKED")).toBe(true);
  expect(registry.kick(first.id, "KICKED")).toBe(true);
  expect(registry.kick(quiet.id, "KICKED")).toBe(true);
  expect(kicked).toEqual(["viewer KICKED", "live/a KICKED"]);
  viewer.close();
  first.close("KICKED");
  expect(registry.kick(viewer.id, "KICKED")).toBe(false);
  expect(registry.kick(first.id, "KICKED")).toBe(false);
  expect(registry.kick("nobody", "KICKED")).toBe(false);
});
