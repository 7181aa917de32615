import type { Clock, Timer } from "../../core/index.ts";
import { HttpRefusal } from "../door/problem.ts";
import type { PictureFeed, PictureTaker } from "./feed.ts";
import type { PictureLimits } from "./limits.ts";
import type { Picture } from "./picture.ts";

/**
 * Waits for a picture that is young enough. After a start the first ones may be those of the current
 * group of pictures, seconds old, so older ones are passed over while newer ones follow.
 */
export class SnapshotWait implements PictureTaker {
  readonly result: Promise<Picture>;
  readonly #feed: PictureFeed;
  readonly #clock: Clock;
  readonly #limits: PictureLimits;
  readonly #timeout: Timer;
  #settle: Timer | undefined;
  #resolve: (picture: Picture) => void = () => {};
  #reject: (error: Error) => void = () => {};
  #over = false;

  constructor(feed: PictureFeed, clock: Clock, limits: PictureLimits) {
    this.#feed = feed;
    this.#clock = clock;
    this.#limits = limits;
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#timeout = clock.after(limits.snapshotWaitMs, () =>
      this.#fail(
        new HttpRefusal("PICTURE_TIMEOUT", 504, "No picture came in time.", { "Retry-After": "2" }),
      ),
    );
    feed.join(this);
  }

  picture(picture: Picture): void {
    if (this.#feed.ageMs <= this.#limits.snapshotMaxAgeMs) this.#succeed(picture);
    else {
      this.#settle ??= this.#clock.after(this.#limits.snapshotSettleMs, () =>
        this.#succeed(this.#feed.newest ?? picture),
      );
    }
  }

  tick(): void {}

  ended(code: string): void {
    this.#fail(
      new HttpRefusal("PICTURES_UNAVAILABLE", 503, `The stream has no more pictures: ${code}.`, {
        "Retry-After": "2",
      }),
    );
  }

  /** Nobody wants the result any more. May be called twice. */
  cancel(): void {
    this.#fail(new HttpRefusal("VIEWER_LEFT", 503, "The client is gone."));
  }

  #succeed(picture: Picture): void {
    if (this.#finish()) this.#resolve(picture);
  }

  #fail(error: Error): void {
    if (this.#finish()) this.#reject(error);
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#timeout.cancel();
    this.#settle?.cancel();
    this.#feed.leave(this);
    return true;
  }
}
