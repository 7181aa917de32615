import type { CaptureDevices } from "./capture.ts";
import type { DeviceInfo } from "./devices.ts";

/** A captured track for tests. */
export class FakeCapturedTrack extends EventTarget {
  readonly kind: "audio" | "video";
  readonly constraints: MediaTrackConstraints;
  readonly label: string;
  readyState: MediaStreamTrackState = "live";
  enabled = true;
  contentHint = "";
  settings: MediaTrackSettings;
  /** What `applyConstraints` was called with last. */
  applied: MediaTrackConstraints | undefined;

  constructor(kind: "audio" | "video", constraints: MediaTrackConstraints, label: string) {
    super();
    this.kind = kind;
    this.constraints = constraints;
    this.label = label;
    this.settings =
      kind === "video" ? { width: 1280, height: 720, deviceId: label } : { deviceId: label };
  }

  getSettings(): MediaTrackSettings {
    return this.settings;
  }

  async applyConstraints(constraints: MediaTrackConstraints): Promise<void> {
    this.applied = constraints;
  }

  stop(): void {
    this.readyState = "ended";
  }

  /** The device is unplugged, or sharing is stopped. */
  end(): void {
    this.readyState = "ended";
    this.dispatchEvent(new Event("ended"));
  }
}

/** Devices for tests: gives what is asked for, later when told to, or refuses. */
export class FakeDevices extends EventTarget implements CaptureDevices {
  devices: DeviceInfo[] = [
    { kind: "videoinput", deviceId: "front", label: "Front camera" },
    { kind: "videoinput", deviceId: "back", label: "Back camera" },
    { kind: "audioinput", deviceId: "desk", label: "Desk microphone" },
  ];
  readonly asked: string[] = [];
  /** Refusals by kind: `video`, `audio`, `screen`. */
  readonly refusals: Partial<Record<"video" | "audio" | "screen", Error>> = {};
  /** Decides about each request for a camera or microphone. */
  refuse: () => Error | undefined = () => undefined;
  /** Screens are shared with their sound. */
  screenHasSound = true;
  /** Set to hold answers back. */
  gate: Promise<void> | undefined;
  readonly tracks: FakeCapturedTrack[] = [];

  async getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
    const kinds = (["video", "audio"] as const).filter((kind) => constraints[kind]);
    this.asked.push(kinds.join("+"));
    await this.gate;
    const made: FakeCapturedTrack[] = [];
    for (const kind of kinds) {
      const refusal = this.refuse() ?? this.refusals[kind];
      if (refusal !== undefined) throw refusal;
      made.push(this.#make(kind, constraints[kind] as MediaTrackConstraints));
    }
    return streamOf(made);
  }

  async getDisplayMedia(options: unknown): Promise<MediaStream> {
    this.asked.push("screen");
    await this.gate;
    if (this.refusals.screen !== undefined) throw this.refusals.screen;
    const { video, audio } = options as { video: MediaTrackConstraints; audio: unknown };
    const made = [this.#make("video", video, "screen")];
    if (audio !== false && this.screenHasSound) made.push(this.#make("audio", {}, "screen sound"));
    return streamOf(made);
  }

  async enumerateDevices(): Promise<readonly DeviceInfo[]> {
    return this.devices;
  }

  /** A device is plugged in or out. */
  change(devices: DeviceInfo[]): void {
    this.devices = devices;
    this.dispatchEvent(new Event("devicechange"));
  }

  #make(
    kind: "audio" | "video",
    constraints: MediaTrackConstraints,
    name?: string,
  ): FakeCapturedTrack {
    const exact = (constraints.deviceId as ConstrainDOMStringParameters | undefined)?.exact;
    const label = name ?? (typeof exact === "string" ? exact : kind === "video" ? "front" : "desk");
    const track = new FakeCapturedTrack(kind, constraints, label);
    this.tracks.push(track);
    return track;
  }
}

function streamOf(tracks: readonly FakeCapturedTrack[]): MediaStream {
  return {
    getVideoTracks: () => tracks.filter((track) => track.kind === "video"),
    getAudioTracks: () => tracks.filter((track) => track.kind === "audio"),
  } as unknown as MediaStream;
}
