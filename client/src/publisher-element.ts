import type { StreamStatus } from "@millrace/signaling/session";
import { resolveAddress, type StreamAddress } from "./player/address.ts";
import { dataPortOf, type SendableData } from "./player/data-port.ts";
import { browserScheduler } from "./player/scheduler.ts";
import { type Advice, Adviser } from "./publisher/advice.ts";
import { type CaptureCode, captureText } from "./publisher/capture/capture-failure.ts";
import { type CodecCapability, sendableCodecs } from "./publisher/codecs.ts";
import { PublisherController } from "./publisher/controller.ts";
import { createWebRtcUplink } from "./publisher/create-uplink.ts";
import { totalBitrate } from "./publisher/encodings.ts";
import { publishFailureText } from "./publisher/failure.ts";
import { recallSettings, rememberSettings } from "./publisher/memory.ts";
import type { SendStats } from "./publisher/send-stats-delta.ts";
import { type PublishSettings, parseSettings } from "./publisher/settings.ts";
import { WebAudioDesk } from "./publisher/sound-desk.ts";
import type { PublisherState, PublisherStateType } from "./publisher/state.ts";
import { Studio } from "./publisher/studio.ts";
import type { UplinkFactory } from "./publisher/transports/uplink.ts";
import { WakeLock } from "./publisher/wake-lock.ts";
import type { PublisherEventMap } from "./publisher-events.ts";
import { publisherActions } from "./publisher-ui/actions.ts";
import { announcement } from "./publisher-ui/publish-text.ts";
import { PublisherView } from "./publisher-ui/view.ts";
import { viewPicture } from "./publisher-ui/view-picture.ts";
import { takeOverProperties } from "./ui/dom.ts";
import { keyPress } from "./ui/gestures.ts";

/**
 * `<millrace-publisher src stream server token>`: shows camera, microphone or screen to the person, and to the
 * world when asked. See the folder's README for attributes, events and parts.
 */
export class MillracePublisher extends HTMLElement {
  static readonly observedAttributes: readonly string[] = ["src", "stream", "server", "token"];
  /** Makes uplinks; replaced by tests only. */
  static createUplink: UplinkFactory = createWebRtcUplink;

  readonly #view: PublisherView;
  readonly #controller: PublisherController;
  readonly #adviser = new Adviser();
  readonly #desk = new WebAudioDesk();
  readonly #data = dataPortOf(this, (message) => this.#tell("data", message));
  #studio: Studio;
  #wakeLock = new WakeLock(navigator.wakeLock);
  #listening: AbortController | undefined;
  #token: string | undefined;
  #advice: readonly Advice[] = [];
  #liveSinceMs = 0;
  #shows = false;
  #clock: ReturnType<typeof setInterval> | undefined;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    this.#studio = this.#makeStudio();
    this.#controller = new PublisherController({
      scheduler: browserScheduler,
      createUplink: (address, events) =>
        MillracePublisher.createUplink(address, events, this.#data),
      events: {
        state: (to, from) => this.#stateChanged(to, from),
        status: (status) => {
          this.#tell("stream", { status });
          this.#show();
        },
        stats: (stats) => this.#measured(stats),
      },
    });
    this.#view = new PublisherView(
      root,
      publisherActions(this, () => this.#studio, this.#desk),
    );
  }

  /** What the publisher does; also the attribute `state`, for style sheets and tests. */
  get state(): PublisherStateType {
    return this.#controller.state.type;
  }

  /** Sending, or trying to by itself. */
  get active(): boolean {
    return this.#controller.active;
  }

  /** What is wrong, if something is. */
  get error(): { readonly code: string; readonly message: string } | undefined {
    const { state } = this.#controller;
    return "code" in state ? { code: state.code, message: state.message } : undefined;
  }

  /** The stream as the server told it last; undefined while nothing is sent. */
  get status(): StreamStatus | undefined {
    return this.#controller.status;
  }

  /** Figures of the last second; undefined while not live. */
  get stats(): SendStats | undefined {
    return this.#controller.stats;
  }

  /** Where the stream goes to; undefined when the attributes name no stream. */
  get address(): StreamAddress | undefined {
    return resolveAddress({
      src: this.getAttribute("src") ?? this.getAttribute("stream") ?? "",
      base: this.getAttribute("server") ?? undefined,
      scriptUrl: import.meta.url,
      pageUrl: document.baseURI,
      token: this.#token ?? this.getAttribute("token") ?? undefined,
    });
  }

  get stream(): string {
    return this.getAttribute("stream") ?? "";
  }

  /** Counts from the next start. */
  set stream(stream: string) {
    this.setAttribute("stream", stream);
  }

  /** Goes before the attribute, and does not appear in the document. */
  set token(token: string) {
    this.#token = token === "" ? undefined : token;
  }

  /** All choices; setting some of them leaves the others. Sources take effect when they are opened next. */
  get settings(): PublishSettings {
    return this.#studio.settings;
  }

  set settings(settings: Partial<PublishSettings>) {
    void this.#studio.change(parseSettings(settings, this.settings));
  }

  /** Viewers hear no microphone. */
  get muted(): boolean {
    return this.#studio.muted;
  }

  set muted(muted: boolean) {
    this.#studio.muted = muted;
  }

  /** Viewers see black. */
  get paused(): boolean {
    return this.#studio.paused;
  }

  set paused(paused: boolean) {
    this.#studio.paused = paused;
  }

  /** Opens camera, microphone or screen as chosen; nobody else sees it yet. */
  async preview(): Promise<void> {
    await this.#studio.open();
  }

  /**
   * Goes live with what can be had, and keeps at it. Without effect while that is so already.
   * `takeOver`: whoever publishes the stream gives way.
   */
  async start({ takeOver = false }: { readonly takeOver?: boolean } = {}): Promise<void> {
    if (this.active) return;
    if (!this.#studio.ready) {
      await this.#studio.open();
      // Nobody goes live without a microphone by surprise: the next press does.
      if (this.#studio.lacksSomething) return;
    }
    if (!this.#studio.ready || !this.isConnected || this.active) return;
    this.#controller.setAddress(this.address);
    this.#controller.setMedia(this.#studio.media);
    this.#controller.publish(takeOver);
  }

  /** Ends the stream; the preview stays. */
  stop(): void {
    this.#controller.stop();
  }

  /** Sends text or bytes to all viewers; false and nothing sent while there is no such channel. */
  send(data: SendableData, { label }: { readonly label?: string } = {}): boolean {
    return this.#data.send(data, label);
  }

  /** Lets go of camera, microphone and screen. */
  release(): void {
    this.#studio.release();
  }

  /** The other camera. */
  async flip(): Promise<void> {
    await this.#studio.flip();
  }

  connectedCallback(): void {
    takeOverProperties(this, ["stream", "token", "settings", "muted", "paused"]);
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener("visibilitychange", () => this.#keepAwake(), { signal });
    // So that the name is free at once, and not only when the server misses us.
    window.addEventListener("pagehide", () => this.stop(), { signal });
    this.addEventListener("keydown", (event) => this.#key(event), { signal });
    this.#clock = setInterval(() => {
      if (this.state === "live") this.#show();
    }, 1000);
    this.#view.start();
    void this.#studio.refresh();
    this.#show();
  }

  disconnectedCallback(): void {
    this.#listening?.abort();
    clearInterval(this.#clock);
    this.#controller.close();
    this.#wakeLock.close();
    this.#view.close();
    const { settings } = this.#studio;
    this.#studio.close();
    // Another studio stands ready, should the element come back.
    this.#studio = this.#makeStudio(settings);
  }

  attributeChangedCallback(): void {
    this.#show();
  }

  #makeStudio(settings: PublishSettings = recallSettings(() => localStorage)): Studio {
    return new Studio({
      settings,
      // Not there on pages that came over http.
      devices: navigator.mediaDevices as MediaDevices | undefined,
      secure: isSecureContext,
      permission: askPermission,
      desk: this.#desk,
      capabilities: videoCapabilities,
      events: {
        changed: () => this.#studioChanged(),
        media: (media) => this.#controller?.setMedia(media),
        failed: (_source, code) => this.#deviceFailed(code),
      },
    });
  }

  #key(event: KeyboardEvent): void {
    const { key, modified, target } = keyPress(event);
    if (event.defaultPrevented || event.repeat || modified || target === "text") return;
    if (key.toLowerCase() === "m") this.muted = !this.muted;
    else if (key.toLowerCase() === "p") this.paused = !this.paused;
  }

  #studioChanged(): void {
    rememberSettings(() => localStorage, this.settings);
    this.#show();
  }

  #deviceFailed(code: CaptureCode): void {
    const { title, detail } = captureText(code);
    this.#view.announce(`${title}. ${detail}`);
    this.#tell("error", { code, message: detail, retrying: code.endsWith("_LOST") });
  }

  #stateChanged(to: PublisherState, from: PublisherState): void {
    if (to.type === "live" && from.type !== "reconnecting") this.#liveSinceMs = performance.now();
    if (to.type !== "live") {
      this.#adviser.reset();
      this.#advice = [];
    }
    this.setAttribute("state", to.type);
    this.#keepAwake();
    this.#show();
    this.#view.announce(announcement(to, from, this.address?.stream ?? ""));
    if (to.type !== from.type) {
      this.#tell("statechange", { state: to.type, previous: from.type });
    }
    if ("code" in to) {
      const message = to.message || publishFailureText(to.code).detail;
      this.#tell("error", { code: to.code, message, retrying: to.type === "reconnecting" });
    }
  }

  #measured(stats: SendStats): void {
    const { picture, settings, media } = this.#studio;
    const nowMs = performance.now();
    this.#desk.level(nowMs);
    this.#advice = this.#adviser.next({
      stats,
      // Not more than the camera can do at all.
      frameRate: Math.min(settings.frameRate, picture?.getSettings().frameRate ?? 60),
      wantedBps: media.video === undefined ? 0 : totalBitrate(media.video.plan),
      silent: this.#desk.isDead(nowMs),
      camera: settings.picture === "camera" && picture !== undefined && !this.paused,
    });
    this.#tell("stats", { stats });
    this.#show();
  }

  #keepAwake(): void {
    this.#wakeLock.update(this.active, document.visibilityState === "visible");
  }

  #tell<Name extends keyof PublisherEventMap>(
    name: Name,
    detail: PublisherEventMap[Name]["detail"],
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Changes that come together are shown once. */
  #show(): void {
    if (this.#shows) return;
    this.#shows = true;
    queueMicrotask(() => {
      this.#shows = false;
      if (!this.isConnected) return;
      const { state, active, status, stats } = this.#controller;
      this.#view.show(
        viewPicture({
          studio: this.#studio,
          state,
          active,
          status,
          stats,
          advice: this.#advice,
          elapsedMs: performance.now() - this.#liveSinceMs,
          codecs: sendableCodecs(videoCapabilities()),
        }),
      );
    });
  }
}

/** Nothing where the browser has no WebRTC, which going live will tell. */
function videoCapabilities(): readonly CodecCapability[] {
  return globalThis.RTCRtpSender?.getCapabilities("video")?.codecs ?? [];
}

async function askPermission(
  device: "camera" | "microphone",
): Promise<PermissionState | undefined> {
  try {
    const { state } = await navigator.permissions.query({ name: device as PermissionName });
    return state;
  } catch {
    return undefined;
  }
}
