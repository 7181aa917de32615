import { type Level, LevelFollower, silence } from "./level.ts";

/** What happens to the sound before it is sent. */
export interface SoundDesk {
  /** One track with all of these: itself when there is one, a mix when there are more. The tracks stay their owner's. */
  mix(tracks: readonly MediaStreamTrack[]): MediaStreamTrack | undefined;
  /** Measures this track from now on. */
  listen(track: MediaStreamTrack | undefined): void;
  /** How loud it is at this moment (monotonic). */
  level(nowMs: number): Level;
  /** Nothing at all has come from it for seconds. */
  isDead(nowMs: number): boolean;
  /** May be called twice. */
  close(): void;
}

/** Length of a measured block, samples; a power of two. 21 ms at 48 kHz. */
const blockSize = 1024;

/** Mixes and measures with Web Audio, which starts with the first sound and a gesture of the person. */
export class WebAudioDesk implements SoundDesk {
  #context: AudioContext | undefined;
  #analyser: AnalyserNode | undefined;
  #measured: MediaStreamAudioSourceNode | undefined;
  #heard: MediaStreamTrack | undefined;
  #mixed: readonly MediaStreamTrack[] = [];
  #sources: readonly MediaStreamAudioSourceNode[] = [];
  #output: MediaStreamAudioDestinationNode | undefined;
  readonly #block = new Float32Array(blockSize);
  readonly #follower = new LevelFollower();

  mix(tracks: readonly MediaStreamTrack[]): MediaStreamTrack | undefined {
    if (tracks.length < 2) {
      this.#unmix();
      return tracks[0];
    }
    const same =
      tracks.length === this.#mixed.length && tracks.every((track) => this.#mixed.includes(track));
    if (!same || this.#output === undefined) {
      this.#unmix();
      const context = this.#open();
      const output = new MediaStreamAudioDestinationNode(context);
      this.#sources = tracks.map((track) => sourceOf(context, track));
      for (const source of this.#sources) source.connect(output);
      this.#mixed = [...tracks];
      this.#output = output;
    }
    return this.#output?.stream.getAudioTracks()[0];
  }

  listen(track: MediaStreamTrack | undefined): void {
    if (track === this.#heard) return;
    this.#heard = track;
    this.#measured?.disconnect();
    this.#measured = undefined;
    this.#follower.reset();
    if (track === undefined) return;
    const context = this.#open();
    this.#analyser ??= new AnalyserNode(context, { fftSize: blockSize });
    this.#measured = sourceOf(context, track);
    this.#measured.connect(this.#analyser);
  }

  level(nowMs: number): Level {
    const { state } = this.#context ?? {};
    if (this.#heard === undefined || this.#analyser === undefined || state !== "running") {
      return silence;
    }
    if (!this.#heard.enabled) this.#follower.reset();
    this.#analyser.getFloatTimeDomainData(this.#block);
    return this.#follower.next(this.#block, nowMs);
  }

  isDead(nowMs: number): boolean {
    return this.#heard?.enabled === true && this.#follower.isDead(nowMs);
  }

  close(): void {
    this.listen(undefined);
    this.#unmix();
    this.#analyser?.disconnect();
    this.#analyser = undefined;
    void this.#context?.close();
    this.#context = undefined;
  }

  #open(): AudioContext {
    this.#context ??= new AudioContext({ latencyHint: "interactive" });
    // Without a gesture it stays suspended until the next call.
    if (this.#context.state === "suspended") void this.#context.resume().catch(() => {});
    return this.#context;
  }

  #unmix(): void {
    for (const source of this.#sources) source.disconnect();
    this.#output?.stream.getAudioTracks()[0]?.stop();
    this.#sources = [];
    this.#mixed = [];
    this.#output = undefined;
  }
}

function sourceOf(context: AudioContext, track: MediaStreamTrack): MediaStreamAudioSourceNode {
  return new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) });
}
