import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { PlayerMachine } from "./machine.ts";
import type { PlayerCommand, PlayerInput } from "./state.ts";

let machine: PlayerMachine;
let nowMs: number;

beforeEach(() => {
  machine = new PlayerMachine({ random: () => 1 });
  nowMs = 1000;
});

/** Feeds inputs and gives the kinds of the commands, states as `=name`. */
function feed(...inputs: PlayerInput[]): string[] {
  return inputs.flatMap((input) => machine.handle(input, nowMs).map(show));
}

function show(command: PlayerCommand): string {
  return command.type === "state" ? `=${command.to.type}` : command.type;
}

/** Moves the time, calling at each deadline as a timer would. */
function wait(ms: number): string[] {
  const out: string[] = [];
  const until = nowMs + ms;
  for (let turn = 0; turn < 1000; turn++) {
    const due = machine.deadlineMs;
    if (due === undefined || due > until) break;
    nowMs = Math.max(nowMs, due);
    out.push(...feed({ type: "time" }));
  }
  nowMs = until;
  return out;
}

/** Shows a frame every 40 ms. */
function watch(ms: number): string[] {
  const out: string[] = [];
  for (let shown = 0; shown < ms; shown += 40) {
    out.push(...wait(40), ...feed({ type: "progress" }));
  }
  return out;
}

const up: PlayerInput = { type: "link", up: true };
const down: PlayerInput = { type: "link", up: false };
const progress: PlayerInput = { type: "progress" };
const attached: PlayerInput = { type: "attached" };
const stream = (state: "live" | "waiting" | "offline"): PlayerInput => ({ type: "stream", state });
const failed = (code: string): PlayerInput => ({ type: "failed", code, message: "" });

function startPlaying(): void {
  feed({ type: "play" }, up, stream("live"), attached, progress);
  expect(machine.state.type).toBe("playing");
}

describe("joining", () => {
  it("opens the way, joins when it is up, plays at the first frame", () => {
    expect(feed({ type: "play" })).toEqual(["=connecting", "open"]);
    expect(feed(up)).toEqual(["join"]);
    expect(feed(stream("live"), attached)).toEqual([]);
    expect(feed(progress)).toEqual(["=playing"]);
  });

  it("does nothing on a second play", () => {
    feed({ type: "play" });
    expect(feed({ type: "play" })).toEqual([]);
  });

  it("tries again without a word after 3 s without a frame, then says so and goes on trying", () => {
    feed({ type: "play" }, up, stream("live"));
    expect(wait(2999)).toEqual([]);
    expect(wait(1)).toEqual(["leave"]);
    expect(wait(500)).toEqual(["join"]);
    expect(wait(4499)).toEqual([]);
    expect(wait(1)).toEqual(["leave", "=error"]);
    expect(machine.state).toMatchObject({ code: "NO_FIRST_FRAME", retrying: true });
    expect(wait(1000)).toEqual(["join"]);
    expect(wait(6000)).toEqual(["leave"]);
    expect(wait(2000)).toEqual(["join"]);
    expect(feed(attached, progress)).toEqual(["=playing"]);
  });

  it("gives each join more time than the last, up to 12 s", () => {
    feed({ type: "play" }, up, stream("live"));
    for (let failures = 0; failures < 20; failures++) wait(30_000);
    const spans: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      while (!wait(10).includes("join")) if (nowMs > 1e7) throw new Error("no join");
      const joinedAtMs = nowMs;
      while (!wait(10).includes("leave")) if (nowMs > 1e7) throw new Error("no end");
      spans.push(nowMs - joinedAtMs);
    }
    expect(spans).toEqual([12_000, 12_000, 12_000]);
  });

  it("says that the server is unreachable and joins as soon as it answers", () => {
    feed({ type: "play" });
    expect(wait(60_000)).toEqual(["=error"]);
    expect(machine.state).toMatchObject({ code: "SERVER_UNREACHABLE", retrying: true });
    expect(feed(up)).toEqual(["=connecting", "join"]);
    expect(feed(attached, progress)).toEqual(["=playing"]);
  });

  it("asks again when the way breaks during the join", () => {
    feed({ type: "play" }, up);
    expect(feed(down)).toEqual([]);
    expect(feed(up)).toEqual(["join"]);
  });

  it("counts frames only from the session that was asked for", () => {
    feed({ type: "play" }, up, stream("live"));
    expect(feed(progress)).toEqual([]);
    expect(machine.state.type).toBe("connecting");
  });
});

describe("refusals", () => {
  it.each(["UNAUTHORIZED", "FORBIDDEN", "STREAM_NAME_INVALID", "KICKED"])(
    "stops at %s until play is pressed",
    (code) => {
      feed({ type: "play" }, up);
      expect(feed(failed(code))).toEqual(["leave", "close", "=error"]);
      expect(machine.state).toMatchObject({ code, retrying: false });
      expect(wait(120_000)).toEqual([]);
      expect(feed(stream("live"), down, up, progress, failed("X"))).toEqual([]);
      expect(feed({ type: "play" })).toEqual(["close", "=connecting", "open"]);
    },
  );

  it("keeps trying on a code it does not know, ever slower", () => {
    feed({ type: "play" }, up);
    expect(feed(failed("VIEWERS_FULL"))).toEqual(["leave"]);
    expect(wait(500)).toEqual(["join"]);
    expect(feed(failed("VIEWERS_FULL"))).toEqual(["leave", "=error"]);
    expect(wait(999)).toEqual([]);
    expect(wait(1)).toEqual(["join"]);
  });

  it("forgets failures after five seconds of playing", () => {
    feed({ type: "play" }, up, failed("X"));
    wait(500);
    feed(failed("X"));
    wait(1000);
    feed(attached, progress);
    watch(6000);
    feed(failed("X"));
    expect(machine.state.type).toBe("connecting");
    expect(wait(500)).toEqual(["join"]);
  });
});

describe("a publisher that goes and comes", () => {
  it("waits without leaving the session and plays on", () => {
    startPlaying();
    expect(feed(stream("waiting"))).toEqual(["=waiting"]);
    expect(feed(progress)).toEqual([]);
    expect(wait(29_000)).toEqual([]);
    expect(feed(stream("live"))).toEqual([]);
    expect(feed(progress)).toEqual(["=playing"]);
  });

  it("joins again when the stream is back but its frames are not", () => {
    startPlaying();
    feed(stream("waiting"));
    wait(10_000);
    feed(stream("live"));
    expect(wait(2999)).toEqual([]);
    expect(wait(1)).toEqual(["=connecting", "join"]);
  });

  it("shows offline at its end and starts by itself when it is live again", () => {
    startPlaying();
    feed(stream("waiting"));
    expect(feed(stream("offline"), failed("STREAM_ENDED"))).toEqual(["=offline", "leave"]);
    expect(feed(progress)).toEqual([]);
    expect(feed(stream("live"))).toEqual(["join", "=connecting"]);
    expect(feed(attached, progress)).toEqual(["=playing"]);
  });

  it("asks now and then when it is not told that the stream came", () => {
    feed({ type: "play" }, up);
    expect(feed(failed("STREAM_NOT_FOUND"))).toEqual(["leave", "=offline"]);
    expect(wait(2000)).toEqual(["join"]);
    expect(feed(failed("STREAM_NOT_FOUND"))).toEqual(["leave"]);
    expect(wait(3999)).toEqual([]);
    expect(wait(1)).toEqual(["join"]);
    expect(machine.state.type).toBe("offline");
  });

  it("does not count the wait for a publisher as a failed join", () => {
    feed({ type: "play" }, up);
    expect(feed(stream("waiting"))).toEqual(["=waiting"]);
    expect(wait(25_000)).toEqual([]);
    feed(stream("live"), attached);
    expect(feed(progress)).toEqual(["=playing"]);
  });
});

describe("a server that goes and comes", () => {
  it("plays on while media flows without the way", () => {
    startPlaying();
    expect(feed(down)).toEqual([]);
    expect(watch(10_000)).toEqual([]);
    expect(feed(up)).toEqual([]);
    expect(watch(1000)).toEqual([]);
  });

  it("joins anew without a gap when the server forgot the session", () => {
    startPlaying();
    feed(down, up);
    expect(feed({ type: "lost" })).toEqual(["join"]);
    expect(watch(400)).toEqual([]);
    expect(feed(attached, progress)).toEqual([]);
    expect(machine.state.type).toBe("playing");
  });

  it("reconnects after a restart", () => {
    startPlaying();
    feed(down);
    expect(wait(3000)).toEqual(["=connecting"]);
    expect(wait(3000)).toEqual(["=error"]);
    expect(machine.state).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(feed(up)).toEqual(["=connecting", "join"]);
    expect(feed(attached, progress)).toEqual(["=playing"]);
  });

  it("waits out the announced restart", () => {
    startPlaying();
    expect(feed(failed("SERVER_CLOSING"), down)).toEqual(["leave", "=connecting"]);
    expect(wait(2500)).toEqual([]);
    expect(feed(up)).toEqual(["join"]);
    expect(machine.state.type).toBe("connecting");
  });

  it("names the server, not the media, when both are gone", () => {
    startPlaying();
    expect(feed(failed("SERVER_CLOSING"), down)).toEqual(["leave", "=connecting"]);
    expect(wait(3000)).toEqual(["=error"]);
    expect(machine.state).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(feed(failed("ICE_FAILED"))).toEqual(["leave"]);
    expect(machine.state).toMatchObject({ code: "SERVER_UNREACHABLE" });
    expect(feed(up)).toEqual(["=connecting", "join"]);
  });

  it("says so when media breaks while the way is down", () => {
    startPlaying();
    feed(down);
    expect(feed(failed("ICE_FAILED"))).toEqual(["leave", "=connecting"]);
    expect(wait(3000)).toEqual(["=error"]);
    expect(machine.state).toMatchObject({ code: "SERVER_UNREACHABLE" });
  });
});

it("joins anew when the picture freezes for 3 s", () => {
  startPlaying();
  watch(1000);
  expect(wait(2999)).toEqual([]);
  expect(wait(1)).toEqual(["=connecting", "join"]);
  expect(feed(progress)).toEqual([]);
  expect(feed(attached, progress)).toEqual(["=playing"]);
});

it("closes everything on pause and starts afresh on play", () => {
  startPlaying();
  expect(feed({ type: "pause", reason: "paused" })).toEqual(["close", "=idle"]);
  expect(feed(progress, stream("offline"), up, failed("X"))).toEqual([]);
  expect(machine.deadlineMs).toBeUndefined();
  expect(feed({ type: "pause", reason: "hidden" })).toEqual(["=idle"]);
  expect(feed({ type: "play" })).toEqual(["=connecting", "open"]);
});

it("is never stuck: whatever happened, an answering server brings the picture back", () => {
  const input = fc.oneof(
    fc.constantFrom<PlayerInput[]>(
      [up],
      [down],
      [progress],
      [attached],
      [{ type: "lost" }],
      [{ type: "time" }],
      [stream("live")],
      [stream("waiting")],
      [stream("offline")],
      [failed("X")],
      [failed("STREAM_ENDED")],
      [failed("UNAUTHORIZED")],
      [{ type: "play" }],
      [{ type: "pause", reason: "paused" }],
    ),
  );
  const step = fc.tuple(input, fc.integer({ min: 0, max: 5000 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      machine = new PlayerMachine({ random: () => 1 });
      nowMs = 0;
      let open = false;
      const note = (commands: string[]) => {
        for (const command of commands) {
          if (command === "open") open = true;
          if (command === "close") open = false;
          // Nothing may be asked of a way that is not there.
          if (command === "join") expect(open).toBe(true);
        }
        return commands;
      };
      for (const [inputs, ms] of steps) {
        note(feed(...inputs));
        note(wait(ms));
      }
      // From here on the server behaves, as a new start of it would.
      note(feed({ type: "play" }, down, up, stream("waiting"), stream("live"), { type: "lost" }));
      for (let turn = 0; turn < 20; turn++) {
        const commands = note(wait(1000));
        note(feed(attached, progress));
        if (commands.length === 0 && machine.state.type === "playing") break;
      }
      expect(machine.state.type).toBe("playing");
    }),
  );
});
