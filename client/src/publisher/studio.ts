import { Capture, type Captured, type CaptureOptions } from "./capture/capture.ts";
import {
  type CaptureCode,
  type CaptureError,
  captureError,
  type Source,
} from "./capture/capture-failure.ts";
import type { Facing } from "./capture/constraints.ts";
import {
  type DeviceChoice,
  type DeviceInfo,
  deviceChoices,
  facesUser,
  listedId,
  nextDevice,
} from "./capture/devices.ts";
import { SourceStates } from "./capture/source-states.ts";
import type { CodecCapability } from "./codecs.ts";
import { pictureOf, sentMedia } from "./sent-media.ts";
import type { PublishSettings } from "./settings.ts";
import type { SoundDesk } from "./sound-desk.ts";
import type { SentMedia } from "./transports/uplink.ts";

export interface StudioOptions extends Omit<CaptureOptions, "events"> {
  readonly settings: PublishSettings;
  readonly desk: SoundDesk;
  /** Video codecs that the browser can send. */
  readonly capabilities: () => readonly CodecCapability[];
  readonly events: StudioEvents;
}

export interface StudioEvents {
  /** Something that is shown changed. */
  changed(): void;
  /** What is sent changed. */
  media(media: SentMedia): void;
  /** A source cannot be had, or was lost. */
  failed(source: Source, code: CaptureCode): void;
}

/** What stands in front of the camera and microphone: sources, choices and what is sent of them. */
export class Studio {
  readonly #options: StudioOptions;
  readonly #capture: Capture;
  readonly #states = new SourceStates();
  #settings: PublishSettings;
  #devices: readonly DeviceInfo[] = [];
  #muted = false;
  #paused = false;
  #facing: Facing = "user";
  #closed = false;

  constructor(options: StudioOptions) {
    this.#options = options;
    this.#settings = options.settings;
    this.#capture = new Capture({
      ...options,
      events: {
        tracks: () => this.#tracksChanged(),
        devices: (devices) => this.#devicesAre(devices),
        lost: (source) => this.#lost(source),
      },
    });
  }

  get settings(): PublishSettings {
    return this.#settings;
  }

  get captured(): Captured {
    return this.#capture.captured;
  }

  get cameras(): readonly DeviceChoice[] {
    return deviceChoices(this.#devices, "videoinput");
  }

  get microphones(): readonly DeviceChoice[] {
    return deviceChoices(this.#devices, "audioinput");
  }

  /** Ids of the devices that are open, as they are listed. */
  get used(): { readonly camera: string | undefined; readonly microphone: string | undefined } {
    const { camera, microphone } = this.captured;
    return {
      camera: listedId(this.#devices, "videoinput", camera?.getSettings().deviceId),
      microphone: listedId(this.#devices, "audioinput", microphone?.getSettings().deviceId),
    };
  }

  get sharesScreens(): boolean {
    return this.#capture.sharesScreens;
  }

  /** Why this page can capture nothing. */
  get obstacle(): CaptureCode | undefined {
    return this.#capture.obstacle;
  }

  /** Why a source that is wanted gives nothing; undefined when it does, or is not wanted. */
  failure(source: Source): CaptureCode | undefined {
    return this.#states.failure(source);
  }

  /** Something that is wanted could not be had. */
  get lacksSomething(): boolean {
    return this.#states.lacksSomething;
  }

  /** The person is being asked, or the device starts. */
  isOpening(source: Source): boolean {
    return this.#states.isOpening(source);
  }

  /** The microphone is off; a shared screen is heard on. */
  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#tracksChanged();
  }

  /** Viewers see black instead of the picture. */
  get paused(): boolean {
    return this.#paused;
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    this.#tracksChanged();
  }

  /** The picture that is shown and sent; undefined: sound only, or nothing yet. */
  get picture(): MediaStreamTrack | undefined {
    return pictureOf(this.#settings, this.captured);
  }

  /** Whether the picture is to be shown mirrored to the person. */
  get mirrored(): boolean {
    const { camera } = this.captured;
    if (camera === undefined || this.#settings.picture !== "camera") return false;
    return facesUser(camera.getSettings().facingMode, camera.label);
  }

  /** Something can be sent. */
  get ready(): boolean {
    return this.media.video !== undefined || this.media.audio !== undefined;
  }

  /** What is sent now. */
  get media(): SentMedia {
    const { desk, capabilities } = this.#options;
    return sentMedia(this.#settings, this.captured, desk, capabilities());
  }

  /** Opens what the settings ask for and is not open yet. Needs a gesture where a screen is wanted. */
  async open(): Promise<void> {
    const { picture, useMicrophone } = this.#settings;
    const { camera, screen, microphone } = this.captured;
    const wantsCamera = picture === "camera" && camera === undefined;
    const wantsMicrophone = useMicrophone && microphone === undefined;
    // A screen first: its dialog needs the gesture that is spent by waiting.
    if (picture === "screen" && screen === undefined) await this.shareScreen();
    if (wantsCamera && wantsMicrophone) await this.#openBoth();
    else if (wantsCamera) await this.#openCamera();
    else if (wantsMicrophone) await this.#openMicrophone();
  }

  /** Shows the camera instead of whatever is shown. */
  async useCamera(id: string = this.#settings.camera): Promise<void> {
    this.#set({ picture: "camera", camera: id });
    this.#release("screen");
    await this.#openCamera();
  }

  /** Lets the person choose a screen to show instead of the camera. Needs a gesture. */
  async shareScreen(): Promise<void> {
    const before = this.#settings.picture;
    const opened = await this.#run("screen", () => this.#capture.openScreen(this.#settings));
    if (opened) {
      this.#set({ picture: "screen" });
      this.#release("camera");
    } else if (this.captured.screen !== undefined || before !== "screen") {
      // Nothing was chosen: it stays as it was.
      if (this.failure("screen") === "SCREEN_CANCELLED") this.#states.forget("screen");
      this.#options.events.changed();
    }
  }

  /** Sends sound only. */
  useNoPicture(): void {
    this.#set({ picture: "none" });
    this.#release("camera");
    this.#release("screen");
  }

  /** Speaks by that microphone; undefined: by none. */
  async useMicrophone(id: string | undefined): Promise<void> {
    if (id === undefined) {
      this.#set({ useMicrophone: false });
      this.#release("microphone");
      return;
    }
    this.#set({ useMicrophone: true, microphone: id });
    await this.#openMicrophone();
  }

  /** The other camera. */
  async flip(): Promise<void> {
    const { camera } = this.captured;
    const settings = camera?.getSettings();
    const next = nextDevice(this.cameras, settings?.deviceId ?? this.#settings.camera);
    if (settings?.facingMode !== undefined) {
      // A phone has several cameras on each side; the browser knows the main one.
      this.#facing = settings.facingMode === "user" ? "environment" : "user";
      this.#set({ camera: "" });
      await this.#openCamera();
    } else if (next !== undefined) await this.useCamera(next.id);
  }

  /** Whether `flip` has somewhere to go. */
  get canFlip(): boolean {
    return this.#settings.picture === "camera" && this.cameras.length > 1;
  }

  /** Changes quality and the like; sources have their own methods. */
  async change(
    changes: Partial<Omit<PublishSettings, "picture" | "camera" | "useMicrophone" | "microphone">>,
  ): Promise<void> {
    const before = this.#settings;
    this.#set(changes);
    const { resolution, frameRate, soundMode } = this.#settings;
    if (resolution !== before.resolution || frameRate !== before.frameRate) {
      await this.#capture.adjustCamera(this.#settings);
    }
    // Browsers do not change the processing of an open microphone reliably: it is opened again.
    if (soundMode !== before.soundMode && this.captured.microphone !== undefined) {
      await this.#openMicrophone();
    }
  }

  /** Stops all sources; what was chosen stays chosen. */
  release(): void {
    for (const source of ["camera", "screen", "microphone"] as const) this.#release(source);
  }

  /** Asks which devices there are. */
  refresh(): Promise<void> {
    return this.#capture.refreshDevices();
  }

  /** Ends everything. May be called twice. */
  close(): void {
    this.#closed = true;
    this.#capture.close();
    this.#options.desk.close();
  }

  async #openBoth(): Promise<void> {
    this.#states.begin("camera");
    this.#states.begin("microphone");
    this.#options.events.changed();
    const errors = await this.#capture.openBoth(this.#settings, this.#facing);
    this.#states.end("camera");
    this.#states.end("microphone");
    for (const error of errors) this.#failed(error);
    this.#options.events.changed();
  }

  async #openCamera(): Promise<void> {
    await this.#run("camera", () => this.#capture.openCamera(this.#settings, this.#facing));
  }

  async #openMicrophone(): Promise<void> {
    await this.#run("microphone", () => this.#capture.openMicrophone(this.#settings));
  }

  /** Gives whether the source could be opened. */
  async #run(source: Source, open: () => Promise<void>): Promise<boolean> {
    this.#states.begin(source);
    this.#options.events.changed();
    try {
      await open();
      return true;
    } catch (error) {
      this.#failed(captureError(source, error));
      return false;
    } finally {
      this.#states.end(source);
      this.#options.events.changed();
    }
  }

  #failed({ source, code }: CaptureError): void {
    if (this.#closed) return;
    this.#states.fail(source, code);
    this.#options.events.failed(source, code);
  }

  #release(source: Source): void {
    this.#states.forget(source);
    this.#capture.stop(source);
    this.#options.events.changed();
  }

  #set(changes: Partial<PublishSettings>): void {
    this.#settings = { ...this.#settings, ...changes };
    this.#tracksChanged();
  }

  #lost(source: Source): void {
    this.#options.events.failed(source, this.#states.lose(source));
    this.#options.events.changed();
  }

  /** A device that is missed and comes back is taken again. */
  #devicesAre(devices: readonly DeviceInfo[]): void {
    const before = this.#devices;
    this.#devices = devices;
    const { camera, microphone } = this.#settings;
    if (this.#states.isBack("camera", camera, before, devices)) void this.#openCamera();
    if (this.#states.isBack("microphone", microphone, before, devices)) {
      void this.#openMicrophone();
    }
    this.#options.events.changed();
  }

  #tracksChanged(): void {
    if (this.#closed) return;
    const { microphone } = this.captured;
    if (microphone !== undefined) microphone.enabled = !this.#muted;
    const picture = this.picture;
    if (picture !== undefined) picture.enabled = !this.#paused;
    this.#options.desk.listen(microphone);
    this.#options.events.media(this.media);
    this.#options.events.changed();
  }
}
