import type { StreamStatus } from "@millrace/signaling/session";
import type { PlayerEventMap, PlayerStats } from "./element-events.ts";
import { addressOf } from "./player/address.ts";
import { BrowserBeacons } from "./player/browser-beacons.ts";
import { browserPrefetch } from "./player/browser-prefetch.ts";
import { PlayerController } from "./player/controller.ts";
import { createTransport } from "./player/create-transport.ts";
import { dataPortOf, type SendableData } from "./player/data-port.ts";
import { failureText } from "./player/failure.ts";
import { browserCapabilities } from "./player/ladder/capabilities.ts";
import { parseTransports } from "./player/ladder/rungs.ts";
import type { LatencySample } from "./player/latency.ts";
import { LatencyTeller } from "./player/latency-teller.ts";
import { browserScheduler } from "./player/scheduler.ts";
import type { IdleReason, PlayerState, PlayerStateType } from "./player/state.ts";
import { noStats } from "./player/stats-delta.ts";
import { parseTargetLatency } from "./player/target-latency.ts";
import type { TransportFactory, TransportName } from "./player/transports/transport.ts";
import { Visibility } from "./player/visibility.ts";
import { takeOverProperties } from "./ui/dom.ts";
import { keyPress, listenForGestures, listenForKeys } from "./ui/gestures.ts";
import { type CommandTarget, keyCommand, runCommand } from "./ui/keyboard.ts";
import { PictureWatch } from "./ui/picture-watch.ts";
import { playerActions } from "./ui/player-actions.ts";
import { offersUnmute, playerPicture } from "./ui/player-picture.ts";
import { playerRows } from "./ui/player-rows.ts";
import { Screens } from "./ui/screens.ts";
import { Surface } from "./ui/surface.ts";
import { PlayerView } from "./ui/view.ts";

type DetailOf<Name extends keyof PlayerEventMap> = PlayerEventMap[Name]["detail"];

/**
 * `<millrace-player src="https://host/live/cam">`: plays one live stream and keeps at it, by the best way that there
 * is. See the folder's README for attributes, events and parts.
 */
export class MillracePlayer extends HTMLElement implements CommandTarget {
  static readonly observedAttributes: readonly string[] =
    "src token base muted controls poster background transports target-latency".split(" ");
  /** Makes transports; replaced by tests only. */
  static createTransport: TransportFactory = createTransport;

  readonly #view: PlayerView;
  readonly #controller: PlayerController;
  readonly #surface: Surface;
  readonly #screens: Screens;
  readonly #watch: PictureWatch;
  readonly #visibility: Visibility;
  readonly #data = dataPortOf(this, (message) => this.#tell("data", message));
  #listening: AbortController | undefined;
  readonly #latency = new LatencyTeller();
  #wantedAtDisconnect = false;
  #hasPicture = false;
  #addressDue = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    this.#view = new PlayerView(
      root,
      playerActions(
        this,
        () => this.#screens,
        () => playerRows(this.#controller, this.#latency.now?.medianMs),
      ),
    );
    const { picture } = this.#view;
    this.#surface = new Surface(picture, {
      changed: () => this.#show(),
      moved: (from, to) => this.#screens.follow(from, to),
      blocked: () => this.#pause("blocked"),
      unblocked: () => this.state === "idle" && this.play(),
      pausedByBrowser: () => this.state === "playing" && this.pause(),
      playedByBrowser: () => this.state === "idle" && this.#hasPicture && this.play(),
      wanted: () => this.state !== "idle",
    });
    this.#screens = new Screens(this, root, picture);
    this.#controller = new PlayerController({
      scheduler: browserScheduler,
      createTransport: (address, events, options) =>
        MillracePlayer.createTransport(address, events, { ...options, data: this.#data }),
      stages: this.#surface,
      capabilities: browserCapabilities(),
      transports: parseTransports(null),
      events: {
        state: (to, from) => this.#stateChanged(to, from),
        stream: (status) => this.#news("stream", { status }),
        layer: (rid) => this.#news("layer", { rid, pinned: this.layer }),
        latency: (sample) => this.#latencyMeasured(sample),
        transport: (from, to, reason) =>
          this.#news("transport", { from: from ?? null, to: to ?? null, reason }),
      },
    });
    browserPrefetch(this);
    const beacons = new BrowserBeacons(this, () => addressOf(this, import.meta.url));
    this.#watch = new PictureWatch(picture, this.#controller, beacons);
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
    return this.#surface.video.muted;
  }

  set muted(muted: boolean) {
    this.#surface.setMuted(muted);
  }

  /** 0 to 1. */
  get volume(): number {
    return this.#surface.video.volume;
  }

  set volume(volume: number) {
    this.#surface.setVolume(volume);
  }

  /** The ways that may be used, best first; also the attribute `transports`. */
  get transports(): readonly TransportName[] {
    return this.#controller.transports;
  }

  /** Null or an empty list: all ways in their own order. */
  set transports(names: readonly TransportName[] | null) {
    if (names === null || names.length === 0) this.removeAttribute("transports");
    else this.setAttribute("transports", names.join());
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

  /**
   * Sends text or bytes to the publisher, on the data channel `label`. False and nothing sent while there is none: without
   * the attribute `data`, and by other ways than WebRTC.
   */
  send(data: SendableData, { label }: { readonly label?: string } = {}): boolean {
    return this.#data.send(data, label);
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
    takeOverProperties(this, ["src", "muted", "volume", "transports"]);
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
    this.#watch.start(signal);
    this.#visibilityChanged();
    if (this.hasAttribute("autoplay") || this.#wantedAtDisconnect) this.play();
    this.#show();
  }

  disconnectedCallback(): void {
    this.#wantedAtDisconnect = this.state !== "idle";
    this.#listening?.abort();
    this.#visibility.close();
    this.#controller.close();
    this.#view.close();
  }

  attributeChangedCallback(name: string, _before: string | null, value: string | null): void {
    if (name === "src" || name === "token" || name === "base") this.#addressChanged();
    else if (name === "muted") this.#surface.video.muted = value !== null;
    else if (name === "poster") this.#view.picture.poster = value ?? "";
    else if (name === "transports") this.#controller.setTransports(parseTransports(value));
    else if (name === "target-latency")
      this.#controller.setTargetLatency(parseTargetLatency(value));
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
    this.#controller.pageIs(visible);
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

  #tell<Name extends keyof PlayerEventMap>(name: Name, detail: DetailOf<Name>): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /** Tells an event of which the view shows something too. */
  #news<Name extends keyof PlayerEventMap>(name: Name, detail: DetailOf<Name>): void {
    this.#tell(name, detail);
    this.#show();
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
