import { TokenBucket } from "@millrace/signaling/gate";
import type { JsepSession, SessionObserver } from "@millrace/signaling/session";
import { randomText } from "../core/random.ts";
import { type IfMatch, matches, newEntityTag } from "./entity-tag.ts";
import type { WhipLimits } from "./options.ts";
import { HttpRefusal } from "./problem.ts";
import type { Protocol } from "./protocol.ts";
import type { IceCredentials, SdpFragment } from "./sdp-fragment.ts";
import { type BundleLines, bundleLines, iceCredentials, writeSdpFragment } from "./sdp-fragment.ts";

/** What a PATCH led to. */
export interface Patched {
  /** Set after an ICE restart: the fragment that answers it, and the session's new entity tag. */
  readonly restart?: { readonly fragment: string; readonly entityTag: string };
}

/** A session that is driven over HTTP. Its id is the secret part of its URL; logs know it by the gateway's id. */
export class HttpSession implements SessionObserver {
  /** Unguessable, and not the gateway's id, which is in logs. */
  readonly id: string = randomText(16, "base64url");
  readonly protocol: Protocol;
  readonly #ended: (session: HttpSession) => void;
  readonly #patches: TokenBucket;
  #jsep: JsepSession | undefined;
  #endReason: string | undefined;
  #entityTag = newEntityTag();
  #credentials: IceCredentials | undefined;
  #bundle: BundleLines | undefined;
  /** Patches are dealt with one after the other, because a restart takes a while. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `ended` is called once, when the session is over. */
  constructor(
    protocol: Protocol,
    limits: WhipLimits,
    nowUs: number,
    ended: (session: HttpSession) => void,
  ) {
    this.protocol = protocol;
    this.#patches = new TokenBucket(limits.patches, nowUs);
    this.#ended = ended;
  }

  /** Strong, with quotes; changes with every ICE restart. */
  get entityTag(): string {
    return this.#entityTag;
  }

  /** Called by the gateway. HTTP has no way to push it. */
  stream(): void {}

  /** Called by the gateway: it ended the session. */
  bye(reason: string): void {
    if (this.#endReason !== undefined) return;
    this.#endReason = reason;
    this.#ended(this);
  }

  /** The gateway made the session: gives it the offer. @throws what the gateway throws; then the session is closed. */
  async begin(jsep: JsepSession, offerSdp: string): Promise<string> {
    this.#jsep = jsep;
    try {
      this.#assertLives();
      this.#credentials = iceCredentials(offerSdp);
      const answerSdp = await jsep.describe(offerSdp);
      this.#assertLives();
      this.protocol.checkAnswer(answerSdp);
      this.#bundle = bundleLines(answerSdp);
      return answerSdp;
    } catch (error) {
      this.close("OFFER_REFUSED");
      throw error;
    }
  }

  /** False when the session was patched too often. */
  mayPatch(nowUs: number): boolean {
    return this.#patches.take(nowUs);
  }

  /**
   * RFC 9725 section 4.3: trickled candidates, or an ICE restart when the fragment brings new credentials.
   * @throws HttpRefusal `ENTITY_TAG_STALE` 412; what the gateway throws, with the old ICE session intact.
   */
  patch(ifMatch: IfMatch, fragment: SdpFragment): Promise<Patched> {
    const patched = this.#turn.then(() => this.#patchNow(ifMatch, fragment));
    this.#turn = patched.catch(() => undefined);
    return patched;
  }

  /** We end the session. May be called twice. */
  close(reason: string): void {
    const first = this.#endReason === undefined;
    this.#endReason ??= reason;
    this.#jsep?.close(this.#endReason);
    if (first) this.#ended(this);
  }

  #assertLives(): void {
    if (this.#endReason === undefined) return;
    throw new HttpRefusal(this.#endReason, 503, "The session ended while it was opened.");
  }

  async #patchNow(ifMatch: IfMatch, fragment: SdpFragment): Promise<Patched> {
    const jsep = this.#jsep;
    const bundle = this.#bundle;
    if (jsep === undefined || bundle === undefined || this.#endReason !== undefined) {
      throw new HttpRefusal("SESSION_NOT_FOUND", 404, "The session is over.");
    }
    if (!matches(ifMatch, this.#entityTag)) {
      throw new HttpRefusal("ENTITY_TAG_STALE", 412, "ICE was restarted since that entity tag.");
    }
    const { credentials } = fragment;
    const restarts =
      credentials !== undefined &&
      (credentials.ufrag !== this.#credentials?.ufrag || credentials.pwd !== this.#credentials.pwd);
    if (!restarts) {
      addCandidates(jsep, fragment);
      return {};
    }
    const restart = await jsep.restartIce(credentials.ufrag, credentials.pwd);
    this.#credentials = credentials;
    this.#entityTag = newEntityTag();
    addCandidates(jsep, fragment);
    const entityTag = this.#entityTag;
    return { restart: { fragment: writeSdpFragment(restart, bundle), entityTag } };
  }
}

function addCandidates(jsep: JsepSession, fragment: SdpFragment): void {
  for (const candidate of fragment.candidates) jsep.addCandidate(candidate);
  if (fragment.endOfCandidates) jsep.addCandidate(null);
}
