import type { PublishSettings } from "../settings.ts";
import { CaptureError, captureError, type Source } from "./capture-failure.ts";
import {
  cameraChanges,
  cameraConstraints,
  displayOptions,
  type Facing,
  microphoneConstraints,
} from "./constraints.ts";
import type { DeviceInfo } from "./devices.ts";

/** What is needed of `navigator.mediaDevices`. */
export interface CaptureDevices extends EventTarget {
  getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream>;
  getDisplayMedia?(options: unknown): Promise<MediaStream>;
  enumerateDevices(): Promise<readonly DeviceInfo[]>;
}

export interface CaptureOptions {
  /** Undefined where the browser shows the page none: not on https, or too old. */
  readonly devices: CaptureDevices | undefined;
  /** Whether the page came over https or from this computer. */
  readonly secure: boolean;
  /** What was decided about a device before, where the browser tells. */
  readonly permission: (device: "camera" | "microphone") => Promise<PermissionState | undefined>;
  readonly events: CaptureEvents;
}

export interface CaptureEvents {
  /** Tracks came or went. */
  tracks(): void;
  /** Devices came or went, or their names became known. */
  devices(devices: readonly DeviceInfo[]): void;
  /** A track ended though nobody asked for it: unplugged, or sharing was stopped. */
  lost(source: Source): void;
}

/** What is captured now. */
export interface Captured {
  readonly camera: MediaStreamTrack | undefined;
  readonly microphone: MediaStreamTrack | undefined;
  readonly screen: MediaStreamTrack | undefined;
  /** The sound of the shared screen. */
  readonly screenSound: MediaStreamTrack | undefined;
}

type Slot = keyof Captured;
/** The slots that are opened and closed for a source. */
const slots: Readonly<Record<Source, readonly Slot[]>> = {
  camera: ["camera"],
  microphone: ["microphone"],
  screen: ["screen", "screenSound"],
};

/** Owns the tracks of camera, microphone and screen: opens, replaces and stops them. */
export class Capture {
  readonly #options: CaptureOptions;
  readonly #tracks: Partial<Record<Slot, MediaStreamTrack>> = {};
  /** Grows with every wish about a source: what was asked for before is not wanted any more when it comes. */
  readonly #wishes: Record<Source, number> = { camera: 0, microphone: 0, screen: 0 };
  readonly #changed = (): void => void this.refreshDevices();
  #closed = false;

  constructor(options: CaptureOptions) {
    this.#options = options;
    options.devices?.addEventListener("devicechange", this.#changed);
  }

  get captured(): Captured {
    const { camera, microphone, screen, screenSound } = this.#tracks;
    return { camera, microphone, screen, screenSound };
  }

  /** Whether the browser can share a screen at all. */
  get sharesScreens(): boolean {
    return this.#options.devices?.getDisplayMedia !== undefined;
  }

  /** Why nothing can be captured on this page; undefined when it can. */
  get obstacle(): "INSECURE_CONTEXT" | "CAPTURE_UNSUPPORTED" | undefined {
    if (this.#options.devices !== undefined) return undefined;
    return this.#options.secure ? "CAPTURE_UNSUPPORTED" : "INSECURE_CONTEXT";
  }

  /**
   * Opens camera and microphone with one question to the person. What cannot be had does not keep the other
   * away: gives the error of each that failed.
   */
  async openBoth(
    settings: PublishSettings,
    facing: Facing | undefined,
  ): Promise<readonly CaptureError[]> {
    const wanted: Source[] = ["camera", "microphone"];
    const wishes = wanted.map((source) => ++this.#wishes[source]);
    try {
      const stream = await this.#devices("camera").getUserMedia({
        video: cameraConstraints(settings, facing),
        audio: microphoneConstraints(settings),
      });
      wanted.forEach((source, index) => {
        this.#take(source, wishes[index] ?? 0, stream);
      });
      await this.refreshDevices();
      return [];
    } catch (error) {
      const first = captureError("camera", error);
      if (first.code === "INSECURE_CONTEXT" || first.code === "CAPTURE_UNSUPPORTED") return [first];
      const left = wanted.filter((source, index) => wishes[index] === this.#wishes[source]);
      return this.#openEach(left, settings, facing, error);
    }
  }

  /** @throws CaptureError */
  async openCamera(settings: PublishSettings, facing: Facing | undefined): Promise<void> {
    const ask = (devices: CaptureDevices) =>
      devices.getUserMedia({ video: cameraConstraints(settings, facing) });
    try {
      await this.#open("camera", ask);
    } catch (error) {
      const held = this.#tracks.camera !== undefined;
      if (!held || captureError("camera", error).code !== "CAMERA_IN_USE") throw error;
      // Phones open one camera at a time: it is our own that is in the way.
      this.#drop("camera");
      await this.#open("camera", ask).catch((failure) => {
        this.#options.events.tracks();
        throw failure;
      });
    }
  }

  /** @throws CaptureError */
  async openMicrophone(settings: PublishSettings): Promise<void> {
    await this.#open("microphone", (devices) =>
      devices.getUserMedia({ audio: microphoneConstraints(settings) }),
    );
  }

  /** Asks the person for a screen, a window or a tab. Needs a gesture. @throws CaptureError */
  async openScreen(settings: PublishSettings): Promise<void> {
    await this.#open("screen", (devices) => {
      if (devices.getDisplayMedia === undefined) {
        throw new CaptureError("SCREEN_UNSUPPORTED", "screen");
      }
      return devices.getDisplayMedia(displayOptions(settings));
    });
  }

  /** Asks the open camera for another size or rate; one that cannot do it stays as it is. */
  async adjustCamera(settings: PublishSettings): Promise<void> {
    const { camera } = this.#tracks;
    await camera?.applyConstraints(cameraChanges(settings)).catch(() => {});
    if (camera !== undefined && camera === this.#tracks.camera) this.#options.events.tracks();
  }

  /** Stops a source, or the wish for it. */
  stop(source: Source): void {
    this.#wishes[source] += 1;
    let stopped = false;
    for (const slot of slots[source]) stopped = this.#drop(slot) || stopped;
    if (stopped) this.#options.events.tracks();
  }

  /** Reads the list of devices; `devices` tells. */
  async refreshDevices(): Promise<void> {
    const devices = await this.#options.devices?.enumerateDevices().catch(() => []);
    if (devices !== undefined && !this.#closed) this.#options.events.devices(devices);
  }

  /** Stops everything. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.devices?.removeEventListener("devicechange", this.#changed);
    for (const source of ["camera", "microphone", "screen"] as const) {
      this.#wishes[source] += 1;
      for (const slot of slots[source]) this.#drop(slot);
    }
  }

  /** After both were refused together: which one is it, and can the other be had alone? */
  async #openEach(
    sources: readonly Source[],
    settings: PublishSettings,
    facing: Facing | undefined,
    error: unknown,
  ): Promise<readonly CaptureError[]> {
    const errors: CaptureError[] = [];
    const denied = captureError("camera", error).code === "CAMERA_DENIED";
    for (const source of sources) {
      const asked =
        source === "camera"
          ? () => this.openCamera(settings, facing)
          : () => this.openMicrophone(settings);
      // Whoever just said no to both is not asked again, unless a rule from before says no to one of them.
      if (denied && !(await this.#mayHave(source))) errors.push(captureError(source, error));
      else await asked().catch((failure) => errors.push(captureError(source, failure)));
    }
    return errors;
  }

  async #mayHave(source: Source): Promise<boolean> {
    const { permission } = this.#options;
    const camera = await permission("camera");
    const microphone = await permission("microphone");
    const [mine, others] = source === "camera" ? [camera, microphone] : [microphone, camera];
    return mine === "granted" || (mine === "prompt" && others === "denied");
  }

  async #open(
    source: Source,
    ask: (devices: CaptureDevices) => Promise<MediaStream>,
  ): Promise<void> {
    this.#wishes[source] += 1;
    const wish = this.#wishes[source];
    try {
      this.#take(source, wish, await ask(this.#devices(source)));
    } catch (error) {
      throw captureError(source, error);
    }
    await this.refreshDevices();
  }

  #devices(source: Source): CaptureDevices {
    const { devices } = this.#options;
    const { obstacle } = this;
    if (devices === undefined || obstacle !== undefined) {
      throw new CaptureError(obstacle ?? "CAPTURE_UNSUPPORTED", source);
    }
    return devices;
  }

  #take(source: Source, wish: number, stream: MediaStream): void {
    const tracks: Partial<Record<Slot, MediaStreamTrack>> = {
      ...(source !== "microphone" && { [source]: stream.getVideoTracks()[0] }),
      ...(source !== "camera" && {
        [source === "screen" ? "screenSound" : source]: stream.getAudioTracks()[0],
      }),
    };
    if (wish !== this.#wishes[source] || this.#closed) {
      for (const track of Object.values(tracks)) track?.stop();
      return;
    }
    for (const slot of slots[source]) {
      this.#drop(slot);
      const track = tracks[slot];
      if (track === undefined) continue;
      this.#tracks[slot] = track;
      track.addEventListener("ended", () => this.#ended(source, slot, track));
    }
    this.#options.events.tracks();
  }

  /** Only tracks that end by themselves tell so: stopping one does not. */
  #ended(source: Source, slot: Slot, track: MediaStreamTrack): void {
    if (this.#tracks[slot] !== track) return;
    // The sound of a screen may end alone, when another tab is chosen that has none.
    if (slot === "screenSound") this.#drop(slot);
    else for (const each of slots[source]) this.#drop(each);
    this.#options.events.tracks();
    if (slot !== "screenSound") this.#options.events.lost(source);
  }

  #drop(slot: Slot): boolean {
    const track = this.#tracks[slot];
    delete this.#tracks[slot];
    track?.stop();
    return track !== undefined;
  }
}
