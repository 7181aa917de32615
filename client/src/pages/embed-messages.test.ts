import { describe, expect, test } from "vitest";
import type { PlayerStats } from "../element-events.ts";
import type { PlayerStateType } from "../player/state.ts";
import { type EmbeddedPlayer, EmbedMessages } from "./embed-messages.ts";

class Player implements EmbeddedPlayer {
  state: PlayerStateType = "idle";
  muted = false;
  volume = 1;
  layer: string | null = null;
  token = "";
  readonly #listeners = new Map<string, (event: Event) => void>();

  play(): void {
    this.state = "playing";
  }

  pause(): void {
    this.state = "idle";
  }

  async stats(): Promise<PlayerStats> {
    return { state: this.state } as PlayerStats;
  }

  setAttribute(_name: "token", value: string): void {
    this.token = value;
  }

  addEventListener(name: string, listener: (event: Event) => void): void {
    this.#listeners.set(name, listener);
  }

  tell(name: string, detail: object): void {
    this.#listeners.get(name)?.({ detail } as unknown as Event);
  }
}

const site = "https://site.example";

function rig(origins: readonly string[] = []) {
  const player = new Player();
  const posted: { message: object; to: string }[] = [];
  const parent = {
    postMessage: (message: object, to: string) => void posted.push({ message, to }),
  };
  const messages = new EmbedMessages({ player, parent, origins });
  const send = (data: unknown, origin = site, source: unknown = parent) =>
    messages.receive({ data, origin, source });
  return { player, posted, send };
}

describe("the page around the frame", () => {
  test("commands the player and is answered, at its own origin only", async () => {
    const { player, posted, send } = rig();
    await send({ millrace: 1, id: "a", command: "play" });
    await send({ millrace: 1, id: 2, command: "mute" });
    await send({ millrace: 1, command: "volume", value: 0.25 });
    await send({ millrace: 1, command: "layer", value: "h" });
    await send({ millrace: 1, command: "token", value: "secret" });
    await send({ millrace: 1, id: 3, command: "stats" });
    expect(player).toMatchObject({ state: "playing", muted: true, volume: 0.25, layer: "h" });
    expect(player.token).toBe("secret");
    expect(posted[0]).toEqual({
      message: { millrace: 1, id: "a", ok: true, result: null },
      to: site,
    });
    expect(posted.at(-1)?.message).toMatchObject({ id: 3, result: { state: "playing" } });
    await send({ millrace: 1, command: "unmute" });
    await send({ millrace: 1, command: "pause" });
    expect(player).toMatchObject({ state: "idle", muted: false });
  });

  test("hears events once it said hello", async () => {
    const { player, posted, send } = rig();
    player.tell("statechange", { state: "playing" });
    expect(posted).toEqual([]);
    await send({ millrace: 1, id: 1, command: "hello" });
    player.tell("statechange", { state: "playing" });
    expect(posted).toEqual([
      {
        message: { millrace: 1, id: 1, ok: true, result: { version: 1, state: "idle" } },
        to: site,
      },
      { message: { millrace: 1, event: "statechange", detail: { state: "playing" } }, to: site },
    ]);
  });

  test.each([
    ["volume", 1.1, "VALUE_INVALID"],
    ["volume", Number.NaN, "VALUE_INVALID"],
    ["volume", "1", "VALUE_INVALID"],
    ["layer", 7, "VALUE_INVALID"],
    ["token", "x".repeat(4097), "VALUE_INVALID"],
    ["explode", undefined, "COMMAND_UNKNOWN"],
  ])("is told what is wrong with %s %s", async (command, value, code) => {
    const { player, posted, send } = rig();
    await send({ millrace: 1, id: 1, command, value });
    expect(posted[0]?.message).toMatchObject({ id: 1, ok: false, error: { code } });
    expect(player).toMatchObject({ volume: 1, layer: null, token: "" });
  });
});

describe("not answered, and without effect, are", () => {
  test("other windows", async () => {
    const { player, posted, send } = rig();
    await send({ millrace: 1, command: "play" }, site, { postMessage() {} });
    await send({ millrace: 1, command: "play" }, site, null);
    expect([player.state, posted]).toEqual(["idle", []]);
  });

  test("other origins than those of the address", async () => {
    const { player, posted, send } = rig([site]);
    await send({ millrace: 1, command: "play" }, "https://evil.example");
    await send({ millrace: 1, command: "hello" }, "null");
    expect([player.state, posted]).toEqual(["idle", []]);
    await send({ millrace: 1, command: "play" });
    expect(player.state).toBe("playing");
  });

  test.each([
    [null],
    ["play"],
    [{}],
    [{ command: "play" }],
    [{ millrace: 2, command: "play" }],
    [{ millrace: 1 }],
    [{ millrace: 1, command: 7 }],
    [{ millrace: 1, id: {}, command: "play" }],
  ])("messages that are not ours: %j", async (data) => {
    const { player, posted, send } = rig();
    await send(data);
    expect([player.state, posted]).toEqual(["idle", []]);
  });
});
