import { beforeEach, describe, expect, it } from "vitest";
import { PublisherMachine } from "./machine.ts";
import { defaultPublisherLimits as limits, type PublisherInput } from "./state.ts";

let machine: PublisherMachine;
let nowMs: number;

beforeEach(() => {
  machine = new PublisherMachine({ random: () => 1 });
  nowMs = 1000;
});

/** Feeds one input and gives the commands as words. */
function feed(input: PublisherInput): string[] {
  return machine.handle(input, nowMs).map((command) => {
    if (command.type === "begin") return command.takeOver ? "begin take-over" : "begin";
    if (command.type !== "state") return command.type;
    return "code" in command.to ? `${command.to.type} ${command.to.code}` : command.to.type;
  });
}

/** Moves the time to the machine's own deadline. */
function due(): string[] {
  nowMs = machine.deadlineMs ?? Number.NaN;
  return feed({ type: "time" });
}

const publish: PublisherInput = { type: "publish", takeOver: false };
const up: PublisherInput = { type: "link", up: true };
const down: PublisherInput = { type: "link", up: false };
const failed = (code: string): PublisherInput => ({ type: "failed", code, message: "" });

function goLive(): void {
  feed(publish);
  feed(up);
  feed({ type: "connected" });
}

describe("going live", () => {
  it("opens, begins when the server is there, and is live when media flows", () => {
    expect(feed(publish)).toEqual(["connecting", "open"]);
    expect(feed(up)).toEqual(["begin"]);
    expect(feed({ type: "connected" })).toEqual(["live"]);
    expect(machine.deadlineMs).toBeUndefined();
    expect(feed(publish)).toEqual([]);
  });

  it("says so when the server cannot be reached, and goes on when it can", () => {
    feed(publish);
    nowMs += limits.reachMs - 1;
    expect(feed({ type: "time" })).toEqual([]);
    nowMs += 1;
    expect(feed({ type: "time" })).toEqual(["reconnecting SERVER_UNREACHABLE"]);
    expect(machine.deadlineMs).toBeUndefined();
    expect(feed(up)).toEqual(["begin"]);
    expect(feed({ type: "connected" })).toEqual(["live"]);
  });

  it("tries again when no media connection comes about", () => {
    feed(publish);
    feed(up);
    expect(machine.deadlineMs).toBe(nowMs + limits.connectMs);
    expect(due()).toEqual(["leave", "reconnecting CONNECT_TIMEOUT"]);
    expect(due()).toEqual(["begin"]);
  });

  it("begins again when the link breaks before the answer", () => {
    feed(publish);
    feed(up);
    expect(feed(down)).toEqual(["leave"]);
    expect(feed(up)).toEqual(["begin"]);
  });

  it("waits longer after each failure, up to five seconds", () => {
    feed(publish);
    feed(up);
    const waits = Array.from({ length: 6 }, () => {
      feed(failed("INTERNAL_ERROR"));
      const from = nowMs;
      expect(due()).toEqual(["begin"]);
      return nowMs - from;
    });
    expect(waits).toEqual([500, 1000, 2000, 4000, 5000, 5000]);
  });
});

describe("refusals", () => {
  it.each(["UNAUTHORIZED", "FORBIDDEN", "STREAM_BUSY", "STREAM_NAME_INVALID"])(
    "%s ends the attempt",
    (code) => {
      feed(publish);
      feed(up);
      expect(feed(failed(code))).toEqual(["close", `error ${code}`]);
      expect(machine.deadlineMs).toBeUndefined();
      expect(feed(up)).toEqual([]);
      expect(feed(publish)).toEqual(["connecting", "open"]);
    },
  );

  it("takes over when asked, and only until it is live", () => {
    feed({ type: "publish", takeOver: true });
    expect(feed(up)).toEqual(["begin take-over"]);
    feed(failed("INTERNAL_ERROR"));
    expect(due()).toEqual(["begin take-over"]);
    feed({ type: "connected" });
    expect(feed({ type: "lost" })).toContain("begin");
  });

  it.each(["TAKEN_OVER", "KICKED"])("%s ends a live stream", (code) => {
    goLive();
    expect(feed(failed(code))).toEqual(["close", `error ${code}`]);
  });
});

describe("trouble while live", () => {
  it("goes on when the session finds another way", () => {
    goLive();
    expect(feed({ type: "interrupted" })).toEqual(["reconnecting INTERRUPTED"]);
    expect(machine.deadlineMs).toBeUndefined();
    expect(feed({ type: "connected" })).toEqual(["live"]);
  });

  it("makes a new session when there is no other way", () => {
    goLive();
    feed({ type: "interrupted" });
    expect(feed(failed("ICE_FAILED"))).toEqual(["leave", "reconnecting ICE_FAILED"]);
    expect(due()).toEqual(["begin"]);
    expect(feed({ type: "connected" })).toEqual(["live"]);
  });

  it("stays live while only signaling is away", () => {
    goLive();
    expect(feed(down)).toEqual([]);
    expect(feed(up)).toEqual([]);
    expect(machine.state.type).toBe("live");
  });

  it("makes a new session at once when the server restarted", () => {
    goLive();
    feed(down);
    feed({ type: "interrupted" });
    feed(up);
    expect(feed({ type: "lost" })).toEqual(["leave", "reconnecting SESSION_LOST", "begin"]);
    expect(feed({ type: "connected" })).toEqual(["live"]);
  });

  it("waits for the server when it says that it closes", () => {
    goLive();
    expect(feed(failed("SERVER_CLOSING"))).toEqual(["leave", "reconnecting SERVER_CLOSING"]);
    feed(down);
    expect(due()).toEqual([]);
    nowMs += limits.reachMs;
    expect(feed({ type: "time" })).toEqual(["reconnecting SERVER_UNREACHABLE"]);
    expect(feed(up)).toEqual(["begin"]);
  });

  it("believes that a busy stream is its own lost session, for a while", () => {
    goLive();
    nowMs += 60_000;
    feed({ type: "lost" });
    const lostAtMs = nowMs;
    expect(feed(failed("STREAM_BUSY"))).toEqual(["leave"]);
    expect(machine.state).toMatchObject({ type: "reconnecting", code: "SESSION_LOST" });
    while (nowMs < lostAtMs + limits.ghostMs) {
      expect(due()).toEqual(["begin"]);
      feed(failed("STREAM_BUSY"));
    }
    expect(machine.state).toMatchObject({ type: "error", code: "STREAM_BUSY" });
  });

  it("forgets failures after it was live for five seconds", () => {
    goLive();
    const wait = (): number => {
      feed(failed("PEER_TIMEOUT"));
      const from = nowMs;
      due();
      feed({ type: "connected" });
      return nowMs - from;
    };
    wait();
    nowMs += limits.stableMs - 1;
    expect(wait()).toBe(1000);
    nowMs += limits.stableMs;
    expect(wait()).toBe(500);
  });
});

describe("stopping", () => {
  it("ends everything from any state, and is deaf afterwards", () => {
    goLive();
    expect(feed({ type: "stop" })).toEqual(["close", "idle"]);
    for (const input of [up, down, failed("X"), { type: "lost" }, { type: "connected" }] as const) {
      expect(feed(input)).toEqual([]);
    }
    expect(feed({ type: "stop" })).toEqual([]);
    expect(machine.deadlineMs).toBeUndefined();
  });

  it("takes an error away", () => {
    feed(publish);
    feed(failed("FORBIDDEN"));
    expect(feed({ type: "stop" })).toEqual(["idle"]);
  });

  it("does not take the next busy stream for its own", () => {
    goLive();
    feed({ type: "stop" });
    feed(publish);
    feed(up);
    expect(feed(failed("STREAM_BUSY"))).toEqual(["close", "error STREAM_BUSY"]);
  });
});
