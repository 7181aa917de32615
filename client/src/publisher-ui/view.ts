import type { Level } from "../publisher/level.ts";
import { h, setText } from "../ui/dom.ts";
import type { Figure, LayerRow } from "./board-figures.ts";
import { Deck, type DeckActions, type DeckPicture } from "./deck.ts";
import { LevelMeter } from "./level-meter.ts";
import type { Notice, NoticeAction } from "./notice-list.ts";
import { Notices } from "./notices.ts";
import type { StageAction } from "./publish-text.ts";
import styles from "./publisher.css?inline";
import { QualityPanel, type QualityPicture } from "./quality-panel.ts";
import { type SourceActions, SourcesPanel, type SourcesPicture } from "./sources-panel.ts";
import { Stage, type StagePicture } from "./stage.ts";
import { StatsBoard } from "./stats-board.ts";

/** What the person asks of the publisher. */
export interface ViewActions extends DeckActions, SourceActions {
  stage(action: StageAction): void;
  notice(action: NoticeAction): void;
  level(nowMs: number): Level;
}

/** Everything that is shown. */
export interface ViewPicture {
  readonly stage: StagePicture;
  readonly deck: DeckPicture;
  readonly notices: readonly Notice[];
  readonly sources: SourcesPicture;
  readonly quality: QualityPicture;
  /** Undefined while nothing is sent. */
  readonly board:
    | { readonly figures: readonly Figure[]; readonly layers: readonly LayerRow[] }
    | undefined;
}

let sheet: CSSStyleSheet | undefined;

/** The publisher's elements inside its shadow root. */
export class PublisherView {
  readonly #root: ShadowRoot;
  readonly #stage: Stage;
  readonly #deck: Deck;
  readonly #meter: LevelMeter;
  readonly #notices: Notices;
  readonly #sources: SourcesPanel;
  readonly #quality: QualityPanel;
  readonly #board: StatsBoard;
  readonly #live: HTMLElement;

  constructor(root: ShadowRoot, actions: ViewActions) {
    this.#root = root;
    sheet ??= makeSheet();
    root.adoptedStyleSheets = [sheet];
    this.#stage = new Stage((action) => actions.stage(action));
    this.#meter = new LevelMeter((nowMs) => actions.level(nowMs));
    this.#deck = new Deck(actions, this.#meter.element);
    this.#notices = new Notices((action) => actions.notice(action));
    this.#sources = new SourcesPanel(actions);
    this.#quality = new QualityPanel((changes) => actions.change(changes));
    this.#board = new StatsBoard();
    this.#live = h("div", {
      class: "sr",
      role: "status",
      "aria-live": "polite",
      "data-testid": "announcement",
    });
    root.append(
      h(
        "div",
        { class: "frame", part: "frame" },
        h("div", { class: "main" }, this.#stage.element, this.#deck.element),
        this.#notices.element,
        this.#board.element,
        h("div", { class: "side", part: "settings" }, ...this.#sources.elements),
        this.#quality.element,
        this.#live,
      ),
    );
  }

  get video(): HTMLVideoElement {
    return this.#stage.video;
  }

  show(picture: ViewPicture): void {
    this.#keepFocus(() => {
      this.#stage.show(picture.stage);
      this.#deck.show(picture.deck);
      this.#notices.show(picture.notices);
      this.#sources.show(picture.sources);
      this.#quality.show(picture.quality);
      this.#board.element.hidden = picture.board === undefined;
      if (picture.board !== undefined)
        this.#board.show(picture.board.figures, picture.board.layers);
    });
  }

  /** Says something to screen readers. */
  announce(text: string): void {
    if (text !== "") setText(this.#live, text);
  }

  /** The level moves from now on. May be called twice. */
  start(): void {
    this.#meter.start();
  }

  /** Stops what moves and lets the picture go; the elements stay. May be called twice. */
  close(): void {
    this.#meter.stop();
    this.#stage.close();
  }

  /** A button that goes away under the person's keys hands the focus to the one that matters most. */
  #keepFocus(change: () => void): void {
    const focused = this.#root.activeElement;
    change();
    if (focused === null) return;
    const stays = focused === this.#root.activeElement && focused.getClientRects().length > 0;
    if (stays) return;
    const live = this.#deck.element.querySelector<HTMLElement>(".live");
    if (live !== null && this.#root.host.isConnected) live.focus({ preventScroll: true });
  }
}

function makeSheet(): CSSStyleSheet {
  const made = new CSSStyleSheet();
  made.replaceSync(styles);
  return made;
}
