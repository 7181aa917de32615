import { expect, test } from "vitest";
import { FakeClock } from "../../core/fake-clock.ts";
import { Registry, silentLog } from "../../core/index.ts";
import { DataHubs } from "./hubs.ts";

const media = { mid: "0", sctpPort: 5000, maxMessageSize: 65_536 };

function rig() {
  const clock = new FakeClock();
  const registry = new Registry({ clock, log: silentLog });
  const publisher = registry.publish({
    stream: "live/a",
    transport: "whip",
    address: "192.0.2.1",
    userAgent: undefined,
    onKick() {},
  });
  const hubs = new DataHubs({ clock, log: silentLog, fromViewers: "publisher" });
  return { clock, registry, publisher, hubs };
}

test("a stream has one hub, from its first peer to its end, publishers' restarts included", () => {
  const { clock, publisher, hubs } = rig();
  const { stream } = publisher;
  expect(hubs.size).toBe(0);
  const first = hubs.opener(stream, "publisher", "p")(() => {}, media);
  const second = hubs.opener(stream, "viewer", "v")(() => {}, media);
  expect(hubs.size).toBe(1);
  first.close();
  publisher.close("PUBLISHER_CLOSED");
  expect(hubs.size).toBe(1);
  clock.advance(31_000);
  expect(stream.state).toBe("ended");
  expect(hubs.size).toBe(0);
  second.close();
  // Somebody who comes too late is taken nowhere.
  hubs
    .opener(
      stream,
      "viewer",
      "late",
    )(() => {}, media)
    .close();
  expect(hubs.size).toBe(0);
});

test("closing ends all hubs and leaves no timer", () => {
  const { clock, publisher, registry, hubs } = rig();
  hubs.opener(publisher.stream, "viewer", "v")(() => {}, media);
  hubs.close();
  hubs.close();
  hubs.opener(publisher.stream, "viewer", "w")(() => {}, media);
  expect(hubs.size).toBe(0);
  registry.close("SERVER_CLOSING");
  expect(clock.timers).toBe(0);
});
