import type { StreamStatus } from "@millrace/signaling/session";
import type { PlayerEventMap, PlayerStats } from "./element-events.ts";
import { addressOf } from "./player/address.ts";
import { PlayerController } from "./player/controller.ts";
import { createWebRtcTransport } from "./player/create-transport.ts";
import { failureText } from "./player/failure.ts";
import type { LatencySample } from "./player/latency.ts";
import { LatencyTeller } from "./player/latency-teller.ts";
import { browserScheduler } from "./player/scheduler.ts";
import type { IdleReason, PlayerState, PlayerStateType } from "./player/state.ts";
import { noStats } from "./player/stats-delta.ts";
import type { TransportFactory, TransportName } from "./player/transports/transport.ts";
import { Visibility } from "./player/visibility.ts";
import { takeOverProperties } from "./ui/dom.ts";
import { FrameWatch } from "./ui/frame-watch.ts";
import { keyPress, listenForGestures, listenForKeys } from "./ui/gestures.ts";
import { type CommandTarget, keyCommand, runCommand } from "./ui/keyboard.ts";
import { layerText } from "./ui/layer-options.ts";
import { offersUnmute, playerPicture } from "./ui/player-picture.ts";
import { Screens } from "./ui/screens.ts";
import { type StatsRow, statsRows } from "./ui/stats-rows.ts";
import { Surface } from "./ui/surface.ts";
import { PlayerView } from "./ui/view.ts";
import { ViewportWatch } from "./ui/viewport-watch.ts";

/**
 * `<millrace-player src token muted autoplay controls poster background base>`: plays one live stream and
 * keeps at it. See the folder's README for attributes, events and parts.
 */
export class MillracePlayer extends HTMLElement implements CommandTarget {
  static readonly observedAttributes: readonly string[] = [
    "src",
    "token",
    "base",
    "muted",
    "controls",
    "poster",
    "background",
  ];
  /** Makes transports; replaced by tests only. */
  static createTransport: TransportFactory = createWebRtcTransport;

  readonly #view: PlayerView;
  readonly #controller: PlayerController;
  readonly #surface: Surface;
  readonly #screens: Screens;
  readonly #frames: FrameWatch;
  readonly #visibility: Visibility;
  #listening: AbortController | undefined;
  readonly #viewport: ViewportWatch;
  readonly #latency = new LatencyTeller();
  #wantedAtDisconnect = false;
  #hasPicture = false;
  #addressDue = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    this.#view = new PlayerView(root, {
      act: () => this.play(),
      togglePlay: () => runCommand({ type: "toggle-play" }, this),
      toggleMute: () => runCommand({ type: "toggle-mute" }, this),
      toggleStats: () => this.toggleStats(),
      chooseLayer: (rid) => {
        this.layer = rid;
      },
      setVolume: (volume) => this.#surface.setVolume(volume),
      togglePictureInPicture: () => void this.#screens.togglePictureInPicture(),
      toggleFullscreen: () => this.toggleFullscreen(),
      unmute: () => this.#surface.setMuted(false),
      readStats: () => this.#readStats(),
    });
    this.#surface = new Surface(this.#view.video, {
      changed: () => this.#show(),
      blocked: () => this.#pause("blocked"),
      unblocked: () => {
        if (this.state === "idle") this.play();
      },
      pausedByBrowser: () => {
        if (this.state === "playing") this.pause();
      },
      playedByBrowser: () => {
        if (this.state === "idle" && this.#hasPicture) this.play();
      },
      wanted: () => this.state !== "idle",
    });
    this.#screens = new Screens(this, root, this.#view.video);
    this.#controller = new PlayerController({
      scheduler: browserScheduler,
      createTransport: (address, events) => MillracePlayer.createTransport(address, events),
      events: {
        state: (to, from) => this.#stateChanged(to, from),
        stream: (status) => {
          this.#tell("stream", { status });
          this.#show();
        },
        layer: (rid) => {
          this.#tell("layer", { rid, pinned: this.layer });
          this.#show();
        },
        media: (source) => this.#surface.attach(source),
        latency: (sample) => this.#latencyMeasured(sample),
        transport: (from, to, reason) =>
          this.#tell("transport", { from: from ?? null, to: to ?? null, reason }),
      },
    });
    this.#frames = new FrameWatch(this.#view.video, (frame) => this.#controller.frame(frame));
    this.#viewport = new ViewportWatch(this.#view.video, browserScheduler, (viewport) =>
      this.#controller.prefer({ viewport }),
    );
    this.#visibility = new Visibility(browserScheduler, {
      pause: () => this.#pause("hidden"),
      resume: () => this.play(),
    });
  }

  /** What the player does; also the attribute `state`, for style sheets and tests. */
  get state(): PlayerStateType {
    return this.#controller.state.type;
  }

  /** Playing, or trying to by itself. */
  get active(): boolean {
    const { state } = this.#controller;
    return state.type === "error" ? state.retrying : state.type !== "idle";
  }

  /** The error that is shown, if one is. */
  get error(): { readonly code: string; readonly message: string } | undefined {
    const { state } = this.#controller;
    return state.type === "error" ? { code: state.code, message: state.message } : undefined;
  }

  /** The stream as the server told it last. */
  get stream(): StreamStatus | undefined {
    return this.#controller.status;
  }

  /** How media comes now. */
  get transport(): TransportName | undefined {
    return this.#controller.transport;
  }

  /** From the gateway to the screen, of the newest frame, in milliseconds; undefined until it is known. */
  get latencyMs(): number | undefined {
    return this.#latency.now?.latencyMs;
  }

  /** The layer of a simulcast stream that the viewer chose; null: automatic. */
  get layer(): string | null {
    return this.#controller.preference.rid ?? null;
  }

  /** A wish: a layer that is not there, or that does not fit the viewer's line, is not shown. */
  set layer(rid: string | null) {
    this.#controller.prefer({ rid });
    this.#show();
  }

  /** The layer that is shown; null: none, or the stream has no layers. */
  get shownLayer(): string | null {
    return this.#controller.layer;
  }

  get muted(): boolean {
    return this.#view.video.muted;
  }

  set muted(muted: boolean) {
    this.#surface.setMuted(muted);
  }

  /** 0 to 1. */
  get volume(): number {
    return this.#view.video.volume;
  }

  set volume(volume: number) {
    this.#surface.setVolume(volume);
  }

  get src(): string {
    return this.getAttribute("src") ?? "";
  }

  set src(src: string) {
    this.setAttribute("src", src);
  }

  /** Joins the stream and keeps trying. Without effect while that is so already. */
  play(): void {
    this.#applyAddress();
    if (this.isConnected) this.#controller.play();
  }

  /** Leaves the stream; the last picture stays. */
  pause(): void {
    this.#pause("paused");
  }

  /** Figures of now. */
  async stats(): Promise<PlayerStats> {
    const media = (await this.#controller.stats()) ?? noStats;
    return { ...media, state: this.state, transport: this.transport, latencyMs: this.latencyMs };
  }

  /** Shows or hides the statistics. */
  toggleStats(open: boolean = !this.#view.statsOpen): void {
    this.#view.setStatsOpen(open);
    this.#show();
  }

  /** Needs a gesture of the viewer. */
  toggleFullscreen(): void {
    void this.#screens.toggleFullscreen();
  }
  /** Does what a key means to the player; false when it means nothing. For pages that forward their keys. */
  handleKey(event: KeyboardEvent): boolean {
    const command = keyCommand(keyPress(event));
    if (command === undefined) return false;
    if (command.type === "close-stats" && !this.#view.statsOpen) return false;
    runCommand(command, this);
    this.#view.wake();
    return true;
  }

  connectedCallback(): void {
    takeOverProperties(this, ["src", "muted", "volume"]);
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    if (!this.hasAttribute("tabindex")) this.tabIndex = 0;
    listenForKeys(this, (event) => this.handleKey(event), signal);
    listenForGestures(
      this.#view,
      {
        offersUnmute: () => offersUnmute(this.#controller, this.#surface),
        unmute: () => this.#surface.setMuted(false),
        togglePlay: () => runCommand({ type: "toggle-play" }, this),
        toggleFullscreen: () => this.toggleFullscreen(),
      },
      signal,
    );
    this.#surface.listen(signal);
    this.#screens.listen(() => this.#show(), signal);
    document.addEventListener("visibilitychange", () => this.#visibilityChanged(), { signal });
    this.#viewport.start(signal);
    this.#frames.start();
    this.#visibilityChanged();
    if (this.hasAttribute("autoplay") || this.#wantedAtDisconnect) this.play();
    this.#show();
  }

  disconnectedCallback(): void {
    this.#wantedAtDisconnect = this.state !== "idle";
    this.#listening?.abort();
    this.#frames.stop();
    this.#visibility.close();
    this.#controller.close();
    this.#view.close();
  }

  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    const { video } = this.#view;
    if (name === "src" || name === "token" || name === "base") this.#addressChanged();
    else if (name === "muted") video.muted = value !== null;
    else if (name === "poster") video.poster = value ?? "";
    else if (name === "background" && this.isConnected) this.#visibilityChanged();
    this.#show();
  }

  /** Attributes that change together count as one change. */
  #addressChanged(): void {
    if (this.#addressDue) return;
    this.#addressDue = true;
    queueMicrotask(() => {
      if (this.#addressDue) this.#applyAddress();
      if (this.isConnected && this.hasAttribute("autoplay") && this.state === "idle") this.play();
    });
  }

  #applyAddress(): void {
    this.#addressDue = false;
    this.#controller.setAddress(addressOf(this, import.meta.url));
  }

  #pause(reason: IdleReason): void {
    this.#controller.pause(reason);
    this.#surface.pause();
  }

  #visibilityChanged(): void {
    const visible = document.visibilityState === "visible";
    const keep = this.hasAttribute("background") || this.#screens.pictureInPicture === "on";
    const idle = this.state === "idle" && !visible;
    this.#visibility.update(visible, keep || idle);
    if (visible && this.state === "playing") this.#surface.resume();
  }

  #stateChanged(to: PlayerState, from: PlayerState): void {
    if (to.type === "playing") this.#hasPicture = true;
    if (to.type === "offline" || (to.type === "idle" && to.reason === "start")) {
      this.#hasPicture = false;
      this.#surface.detach();
    }
    if (to.type !== "playing") this.#latency.reset();
    this.setAttribute("state", to.type);
    this.#show();
    this.#tell("statechange", { state: to.type, previous: from.type });
    if (to.type === "error") {
      const { code, retrying } = to;
      this.#tell("error", { code, message: to.message || failureText(code).detail, retrying });
    }
  }

  #latencyMeasured(sample: LatencySample): void {
    if (!this.#latency.measured(sample, performance.now())) return;
    this.#show();
    this.#tell("latency", sample);
  }

  async #readStats(): Promise<readonly StatsRow[]> {
    return statsRows({
      stats: await this.#controller.stats(),
      latencyMs: this.#latency.now?.medianMs,
      transport: this.transport,
      layer: layerText(this.stream?.tracks ?? [], this.layer, this.shownLayer),
    });
  }

  #tell<Name extends keyof PlayerEventMap>(
    name: Name,
    detail: PlayerEventMap[Name]["detail"],
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #show(): void {
    this.#view.show(
      playerPicture({
        controller: this.#controller,
        surface: this.#surface,
        screens: this.#screens,
        host: this,
        hasPicture: this.#hasPicture,
        active: this.active,
        latency: this.#latency.now,
      }),
    );
  }
}
