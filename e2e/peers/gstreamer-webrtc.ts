import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { TestNetwork } from "./network.ts";
import { Peer } from "./process.ts";

const script = fileURLToPath(new URL("./gstreamer-webrtc.py", import.meta.url));
/** Debian's own: others have no GStreamer bindings. */
const python = "/usr/bin/python3";
const imports =
  "import gi; gi.require_version('GstWebRTC', '1.0'); from gi.repository import GstWebRTC";

/** What it told so far. */
export interface GstreamerState {
  /** HTTP status of POST, PATCH and DELETE; 0 before there was one. */
  readonly answered: number;
  readonly trickled: number;
  readonly deleted: number;
  /** `connected` when ICE and DTLS are through. */
  readonly connection: string;
  /** Packets sent, or pictures and blocks of sound decoded. */
  readonly video: number;
  readonly audio: number;
  /** `WIDTHxHEIGHT` of what is decoded. */
  readonly size: string | null;
  readonly codec: string | null;
}

export interface GstreamerOptions {
  readonly token?: string;
  readonly video?: "h264" | "vp8";
}

/** Whether this machine has what the client needs. */
export function hasGstreamerWebrtc(): boolean {
  const works = (command: string, args: readonly string[]): boolean =>
    spawnSync(command, args, { stdio: "ignore" }).status === 0;
  const elements = ["webrtcbin", "nicesrc", "dtlssrtpenc", "x264enc", "vp8enc", "avdec_h264"];
  return (
    works(python, ["-c", imports]) &&
    // Not with `--exists`, which wants libnice to have GStreamer's version.
    elements.every((element) => works("gst-inspect-1.0", [element]))
  );
}

/**
 * GStreamer's webrtcbin as WHIP or WHEP client, on the server's host of a network: it uses no loopback
 * addresses, so that it needs a host with another one.
 */
export class GstreamerWebrtc {
  readonly #peer: Peer;
  #state: GstreamerState = {
    answered: 0,
    trickled: 0,
    deleted: 0,
    connection: "new",
    video: 0,
    audio: 0,
    size: null,
    codec: null,
  };

  constructor(
    action: "publish" | "watch",
    url: string,
    network: TestNetwork,
    { token, video = "h264" }: GstreamerOptions = {},
  ) {
    const args = [
      ...[script, action, url, "--video", video],
      ...(token === undefined ? [] : ["--token", token]),
    ];
    this.#peer = new Peer(...network.onServer(python, args));
    const { stdout } = this.#peer.process;
    if (stdout === null) throw new Error("the client has no output");
    createInterface({ input: stdout }).on("line", (line) => this.#heed(line));
  }

  get state(): GstreamerState {
    return this.#state;
  }

  /** What it complained about last. */
  get said(): string {
    return this.#peer.said;
  }

  /** Lets it end its session by DELETE and waits until it is gone. May be called twice. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** It takes nothing any more, though its sockets live on in its system. */
  standStill(): void {
    this.#peer.process.kill("SIGSTOP");
  }

  goOn(): void {
    this.#peer.process.kill("SIGCONT");
  }

  /** Ends it without a word to the server. */
  async crash(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(how: NodeJS.Signals): Promise<void> {
    const { stdout } = this.#peer.process;
    const told = stdout === null || stdout.closed ? undefined : once(stdout, "close");
    await this.#peer.stop(how);
    await told;
  }

  #heed(line: string): void {
    const { event, status, state, ...more } = JSON.parse(line) as {
      readonly event: string;
      readonly status: number;
      readonly state: string;
    };
    if (event === "answered" || event === "trickled" || event === "deleted") {
      this.#state = { ...this.#state, [event]: status };
    } else if (event === "connection") {
      this.#state = { ...this.#state, connection: state };
    } else if (event === "media") {
      this.#state = { ...this.#state, ...more };
    }
  }
}
